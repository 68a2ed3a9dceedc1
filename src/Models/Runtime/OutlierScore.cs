namespace Fovea.Models.Runtime;

/// <summary>The distance of an image from the images that a model was trained on.</summary>
/// <param name="Score">The energy of the logits; the higher, the less does the image resemble them.</param>
/// <param name="Is">Whether the score is above the model's threshold.</param>
public readonly record struct OutlierScore(double Score, bool Is);
