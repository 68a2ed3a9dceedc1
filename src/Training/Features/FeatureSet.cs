namespace Fovea.Training.Features;

/// <summary>The features that a frozen network computes for images, and the classes of the images.</summary>
/// <param name="Rows">A row of features for each image.</param>
/// <param name="Targets">The class of each image.</param>
/// <param name="LabelSets">The labels of each image, if images can have several; otherwise null.</param>
/// <param name="Mirrored">A row of features for each image's mirror image; null if mirror images were not computed.</param>
internal sealed record FeatureSet(
    IReadOnlyList<float[]> Rows,
    IReadOnlyList<int> Targets,
    IReadOnlyList<IReadOnlyList<int>>? LabelSets = null,
    IReadOnlyList<float[]>? Mirrored = null)
{
    /// <summary>Returns the features of the images at <paramref name="indices"/>, in that order.</summary>
    public FeatureSet Subset(IReadOnlyList<int> indices) => new(
        [.. indices.Select(i => Rows[i])],
        [.. indices.Select(i => Targets[i])],
        LabelSets is null ? null : [.. indices.Select(i => LabelSets[i])],
        Mirrored is null ? null : [.. indices.Select(i => Mirrored[i])]);

    /// <summary>Returns the same images with changed rows.</summary>
    public FeatureSet Select(Func<float[], float[]> change) =>
        this with { Rows = [.. Rows.Select(change)], Mirrored = Mirrored is null ? null : [.. Mirrored.Select(change)] };
}
