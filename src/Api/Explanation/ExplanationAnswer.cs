using System.Text.Json.Serialization;

namespace Fovea.Api.Explanation;

/// <summary>Which places of an image speak for a class.</summary>
/// <param name="Model">The model that answered.</param>
/// <param name="Version">Its version.</param>
/// <param name="Trained">Whether its weights were learnt; if not, the answer means nothing.</param>
/// <param name="Class">The label of the class.</param>
/// <param name="Index">The index of the class, from 0.</param>
/// <param name="Probability">The probability of the class, 0 to 1.</param>
/// <param name="Method">The method: grad-cam, rise or integrated-gradients.</param>
/// <param name="Layer">The feature map that grad-cam has used. Other methods leave it out.</param>
/// <param name="Height">The rows of the grid.</param>
/// <param name="Width">The columns of the grid.</param>
/// <param name="Region">
/// The part of the upright image that the grid covers: left, top, right and bottom edge in fractions of the width and the height.
/// </param>
/// <param name="Values">The rows of the grid from the top. The largest number is 1, or all are 0.</param>
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
