namespace Fovea.Training;

/// <summary>What a frozen network makes of images: a row of features for each, and its class.</summary>
internal sealed record FeatureSet(IReadOnlyList<float[]> Rows, IReadOnlyList<int> Targets);
