using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models.Explanations;

namespace Fovea.Training.Predictions;

/// <summary>The explanation of an image file, as <c>explain --json</c> prints it; the property names are the JSON format.</summary>
/// <param name="File">The path of the image.</param>
/// <param name="Trained">Whether the model's weights were learnt; if not, the explanation means nothing.</param>
/// <param name="Class">The label of the class.</param>
/// <param name="Index">The index of the class, from 0.</param>
/// <param name="Probability">The probability of the class, 0 to 1.</param>
/// <param name="Method">The method.</param>
/// <param name="Layer">The feature map that grad-cam has used; null for other methods.</param>
/// <param name="Height">The rows of the grid.</param>
/// <param name="Width">The columns of the grid.</param>
/// <param name="Region">The part of the upright image that the grid covers: left, top, right and bottom edge, in fractions.</param>
/// <param name="Values">The rows of the grid from the top. The largest number is 1, or all are 0.</param>
/// <param name="Picture">The path of the picture with the heat map; null if none was written.</param>
internal sealed record ExplainedImage(
    string File,
    bool Trained,
    string Class,
    int Index,
    double Probability,
    string Method,
    string? Layer,
    int Height,
    int Width,
    IReadOnlyList<double> Region,
    float[][] Values,
    string? Picture)
{
    // The number of decimals in the grid. An eye cannot distinguish colours that differ by less.
    private const int Decimals = 4;

    /// <summary>Creates the explanation of an image file.</summary>
    /// <param name="file">The path of the image.</param>
    /// <param name="trained">Whether the model's weights were learnt.</param>
    /// <param name="found">The explanation.</param>
    /// <param name="picture">The path of the picture; null if none was written.</param>
    public static ExplainedImage Of(string file, bool trained, Attribution found, string? picture)
    {
        var (map, region) = (found.Map, found.Map.Region);
        return new(
            file, trained, found.Label, found.Class, found.Probability, ExplanationMethods.NameOf(found.Method), found.Layer, map.Height,
            map.Width, [region.Left, region.Top, region.Right, region.Bottom],
            [.. map.Rows.Select(row => Array.ConvertAll(row, value => MathF.Round(value, Decimals)))], picture);
    }

    /// <summary>Returns the explanation as one line of JSON. Null values are left out.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ExplainedImageJson.Readable.ExplainedImage);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ExplainedImage))]
internal sealed partial class ExplainedImageJson : JsonSerializerContext
{
    /// <summary>Writes labels in any script without escapes.</summary>
    public static ExplainedImageJson Readable { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });
}
