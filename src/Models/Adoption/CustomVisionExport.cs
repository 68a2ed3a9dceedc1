using System.Text.Json.Nodes;

namespace Fovea.Models.Adoption;

/// <summary>
/// Reads the properties that Azure Custom Vision writes into a file: <c>Image.BitmapPixelFormat</c> and <c>Image.NominalPixelRange</c>.
/// Images are stretched to the size of the input.
/// </summary>
internal static class CustomVisionExport
{
    private const string Format = "Image.BitmapPixelFormat", Range = "Image.NominalPixelRange";

    /// <summary>Reads the properties; <c>null</c> if they are missing or have an unknown value.</summary>
    public static SidecarContent? Read(IDictionary<string, string> properties)
    {
        if (!properties.TryGetValue(Format, out var format) || Color(format) is not { } color)
        {
            return null;
        }

        // Custom Vision's default for a missing pixel range is 0 to 255.
        var (scale, mean) = properties.TryGetValue(Range, out var range) ? Scaling(range) : (1, 0);
        return scale is null ? null : new(Preprocessing: new(
            $"the file's properties {Format} and {Range}",
            (size, _) => size is null ? null : new()
            {
                ["crop"] = PreprocessingSource.List(size),
                ["color"] = color,
                ["scale"] = scale,
                ["mean"] = new JsonArray(mean),
            }));
    }

    private static string? Color(string format) => format switch
    {
        "Bgr8" or "Bgra8" => "BGR",
        "Rgb8" or "Rgba8" => "RGB",
        "Gray8" => "Gray",
        _ => null,
    };

    private static (float? Scale, float Mean) Scaling(string range) => range switch
    {
        "NominalRange_0_255" => (1, 0),
        "Normalized_0_1" => (1f / 255, 0),
        "Normalized_1_1" => (1 / 127.5f, 1),
        _ => (null, 0),
    };
}
