using System.Text.Json.Nodes;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// Reads the properties that Ultralytics writes into a file: <c>names</c>, a Python dictionary as text, and <c>imgsz</c>, the image size.
/// The file does not record how images are resized, so the steps of Ultralytics' own classifiers are used: the short side is resized to
/// imgsz, a centred crop is taken, and pixels are divided by 255.
/// </summary>
internal static class Ultralytics
{
    /// <summary>Reads the properties; <c>null</c> if Ultralytics did not write them.</summary>
    public static SidecarContent? Read(IDictionary<string, string> properties)
    {
        if (!properties.TryGetValue("names", out var text) || PythonText.Names(text) is not { } names)
        {
            return null;
        }

        int[] stored = properties.TryGetValue("imgsz", out var imgsz) ? PythonText.Numbers(imgsz) : [];
        var steps = new PreprocessingSource(
            "the file's property imgsz", (size, _) => Steps(size ?? Sides(stored)),
            Assumption: "Images are resized as Ultralytics does: the short side to imgsz, then a centred crop, divided by 255.");
        return new(names, stored.Length > 0 ? steps : null, Source: "the file's property names");
    }

    private static int[]? Sides(int[] stored) => stored switch
    {
        [var side] => [side, side],
        [var height, var width] => [height, width],
        _ => null,
    };

    private static JsonObject? Steps(int[]? size) =>
        size is null ? null : new() { ["resize"] = size.Max(), ["crop"] = PreprocessingSource.List(size), ["scale"] = 1f / 255 };
}
