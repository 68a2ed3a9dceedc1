namespace Fovea.Client;

/// <summary>The places of an image that speak for a class, as a heat map.</summary>
/// <param name="Model">The model that answered.</param>
/// <param name="Version">The version of the model, from 1.</param>
/// <param name="Trained">Whether the model's weights were learnt.</param>
/// <param name="Class">The label of the class that is explained.</param>
/// <param name="Index">The index of the class among the model's classes, from 0.</param>
/// <param name="Probability">The probability of the class, 0 to 1.</param>
/// <param name="Method">The method: grad-cam, rise or integrated-gradients.</param>
/// <param name="Layer">The feature map that grad-cam has used; null for other methods.</param>
/// <param name="Height">The rows of the grid.</param>
/// <param name="Width">The columns of the grid.</param>
/// <param name="Region">
/// The part of the upright image that the grid covers: left, top, right and bottom edge in fractions of the width and the height.
/// </param>
/// <param name="Values">The rows of the grid from the top, 0 to 1. The largest number is 1, or all are 0.</param>
public sealed record ImageExplanation(
    string Model,
    int Version,
    bool Trained,
    string Class,
    int Index,
    double Probability,
    string Method,
    string? Layer,
    int Height,
    int Width,
    IReadOnlyList<double> Region,
    IReadOnlyList<IReadOnlyList<float>> Values);
