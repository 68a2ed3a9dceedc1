using System.Text.Json.Nodes;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>
/// Reads the properties that Ultralytics writes into a file: <c>names</c>, a Python dictionary as text, and <c>imgsz</c>, the image size.
/// The file does not record how images are resized, so the steps of Ultralytics' own classifiers are used: the short side is resized to
/// imgsz, a centred crop is taken, and pixels are divided by 255.
/// </summary>
internal static class Ultralytics
{
    private const string Names = "the file's property names";

    // Ultralytics' tasks, apart from classify.
    private static readonly string[] OtherTasks = ["detect", "segment", "pose", "obb"];

    /// <summary>Reads the properties; <c>null</c> if Ultralytics did not write them.</summary>
    /// <exception cref="Errors.FoveaException">The properties say that the network does something else than classify images.</exception>
    public static SidecarContent? Read(IDictionary<string, string> properties)
    {
        if (properties.TryGetValue("task", out var task) && OtherTasks.Contains(task))
        {
            throw AdoptionDraft.Refused(
                $"the file's property task is {task}, so the outputs are no scores of classes of whole images; expected classify.");
        }

        if (!properties.TryGetValue("names", out var text))
        {
            return null;
        }

        if (PythonText.Names(text) is not { } names)
        {
            return PythonText.Gap(text) is { } gap ? new(Source: Names, Gap: gap) : null;
        }

        int[] stored = properties.TryGetValue("imgsz", out var imgsz) ? PythonText.Numbers(imgsz) : [];
        var steps = new PreprocessingSource(
            "the file's property imgsz", (size, _) => Steps(size ?? Sides(stored)),
            Assumption: "Images are resized as Ultralytics does: the short side to imgsz, then a centred crop, divided by 255.");
        return new(names, stored.Length > 0 ? steps : null, Source: Names);
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
