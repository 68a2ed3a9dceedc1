namespace Fovea.Models.Runtime;

/// <summary>A measure of how much an image differs from the images on which a model was trained.</summary>
/// <param name="Score">The energy of the logits. It is higher for images that differ more.</param>
/// <param name="Is">Whether the image is an outlier: its score is above the model's threshold.</param>
public readonly record struct OutlierScore(double Score, bool Is);
