namespace Fovea.Models.Architectures;

/// <summary>The first layers of a network, before its blocks.</summary>
public enum Stem
{
    /// <summary>
    /// <see cref="Small"/> for inputs of at most <see cref="Architecture.SmallSide"/> pixels in height and width, if the network has it;
    /// otherwise <see cref="ImageNet"/>.
    /// </summary>
    Auto,

    /// <summary>A 3x3 convolution with stride 1 and no pooling, so that small images keep their height and width.</summary>
    Small,

    /// <summary>The stem of the paper, which for ImageNet's images reduces height and width to a quarter.</summary>
    ImageNet,
}
