namespace Fovea.Models.Architectures;

/// <summary>The default hyperparameters for training a network.</summary>
/// <param name="Optimizer">The optimizer's name on the command line: adam, adamw or sgd.</param>
/// <param name="LearningRate">The highest learning rate, for <paramref name="BatchSize"/>; over 0.</param>
/// <param name="BatchSize">The number of images in a step; a smaller data set uses all of its images.</param>
/// <param name="WeightDecay">The weight decay, 0 to 1.</param>
/// <param name="LabelSmoothing">The share of each target that is spread over all classes, 0 to less than 1.</param>
/// <param name="Averaging">The decay of the weight average that is validated and saved instead of the weights; 0 for no average.</param>
/// <param name="Epochs">The number of passes over the training images.</param>
/// <param name="Clip">The largest gradient norm; <c>null</c> turns clipping off.</param>
public sealed record Recipe(
    string Optimizer,
    double LearningRate,
    int BatchSize,
    double WeightDecay,
    double LabelSmoothing = 0,
    double Averaging = 0,
    int Epochs = 10,
    double? Clip = null)
{
    /// <summary>The values of the papers on AlexNet and VGG. Networks without a recipe of their own use it too.</summary>
    public static Recipe Plain { get; } = new("sgd", 1e-2, 32, WeightDecay: 5e-4);

    /// <summary>
    /// Deep networks with batch normalisation train with a high learning rate: 0.1 for 256 images (He et al., 2015), proportional to the
    /// batch size (Goyal et al., 2017).
    /// </summary>
    public static Recipe WithBatchNormalization { get; } = new("sgd", 0.1 * 32 / 256, 32, WeightDecay: 1e-4, LabelSmoothing: 0.1);
}
