using System.Collections.Immutable;

namespace Fovea.Models;

/// <summary>
/// The names of the 1000 classes of ImageNet's challenge (Russakovsky et al., 2015), in the order of WordNet's identifiers, which torchvision's
/// and BVLC's weights follow. Each is a WordNet synset: one or several words, as in the challenge's synset_words.txt.
/// </summary>
public static class ImageNetLabels
{
    /// <summary>The names, 1000 of them.</summary>
    public static ImmutableArray<string> All { get; } = Read();

    private static ImmutableArray<string> Read()
    {
        using var lines = new StreamReader(typeof(ImageNetLabels).Assembly.GetManifestResourceStream("imagenet-classes.txt")!);
        return [.. lines.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
