using System.Collections.Immutable;

namespace Fovea.Models.Weights;

/// <summary>
/// The names of the 1000 classes of the ImageNet challenge (Russakovsky et al., 2015), sorted by their WordNet identifiers. The outputs of
/// torchvision's and BVLC's networks have this order. Each name is a WordNet synset of one or several words, as in the challenge's
/// synset_words.txt.
/// </summary>
public static class ImageNetLabels
{
    /// <summary>The names of the 1000 classes, in the order of the outputs.</summary>
    public static ImmutableArray<string> All { get; } = Read();

    private static ImmutableArray<string> Read()
    {
        using var lines = new StreamReader(typeof(ImageNetLabels).Assembly.GetManifestResourceStream("imagenet-classes.txt")!);
        return [.. lines.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
