namespace Fovea.Training.Features;

/// <summary>The time that a network took to compute features.</summary>
/// <param name="Opening">The time for opening a session on the network.</param>
/// <param name="ImagesPerSecond">The number of images for which it computes features in a second.</param>
internal sealed record FeatureSpeed(TimeSpan Opening, double ImagesPerSecond);
