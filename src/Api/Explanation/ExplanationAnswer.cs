using System.Text.Json.Serialization;

namespace Fovea.Api.Explanation;

/// <summary>A map of the places of an image that speak for a class.</summary>
/// <param name="Model">The name of the model that answered.</param>
/// <param name="Version">The version of the model.</param>
/// <param name="Trained">Whether the weights were trained. If false, they are random, and the answer means nothing.</param>
/// <param name="Class">The label of the class.</param>
/// <param name="Index">The index of the class, from 0.</param>
/// <param name="Probability">The probability of the class, 0 to 1.</param>
/// <param name="Method">The method: grad-cam, rise or integrated-gradients.</param>
/// <param name="Layer">The name of the layer whose feature map grad-cam used. Left out for other methods.</param>
/// <param name="Height">The number of rows of the grid.</param>
/// <param name="Width">The number of columns of the grid.</param>
/// <param name="Region">
/// The part of the upright image that the grid covers: its left, top, right and bottom edge, as fractions of the width and the height.
/// </param>
/// <param name="Values">The rows of the grid, from the top. The largest number is 1, unless all numbers are 0.</param>
internal sealed record ExplanationAnswer(
    string Model,
    int Version,
    bool Trained,
    string Class,
    int Index,
    double Probability,
    string Method,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Layer,
    int Height,
    int Width,
    IReadOnlyList<double> Region,
    float[][] Values);
