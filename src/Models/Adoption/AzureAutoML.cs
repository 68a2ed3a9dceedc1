using System.Text.Json.Nodes;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// Recognises image classifiers of Azure AutoML: the input is <c>input1</c>, the output <c>output1</c>, and <c>labels.json</c> lies beside
/// the file. The files do not record the preprocessing, so Azure AutoML's own is used: both sides are resized to 256 for a crop of 224, and
/// pixels are normalised with ImageNet's mean and standard deviation.
/// </summary>
internal static class AzureAutoML
{
    private const double ResizePerCrop = 256.0 / 224;

    /// <summary>The preprocessing of Azure AutoML; <c>null</c> if the graph is not one of its classifiers.</summary>
    public static PreprocessingSource? Of(Graph graph, SourcedLabels? labels) =>
        labels?.Source == "labels.json" && graph.Inputs is [{ Name: "input1" }] && graph.Outputs is [{ Name: "output1" }]
            ? new("Azure AutoML's custom", (size, _) => Steps(size ?? [224, 224]), Assumption:
                "Images are prepared as Azure AutoML does: both sides resized to 256 for a crop of 224, and ImageNet's normalisation.")
            : null;

    private static JsonObject Steps(int[] crop) => new()
    {
        ["crop"] = PreprocessingSource.List(crop),
        ["resize"] = PreprocessingSource.List(crop.Select(side => (int)Math.Round(side * ResizePerCrop))),
        ["scale"] = 1.0 / 255,
        ["mean"] = new JsonArray(0.485, 0.456, 0.406),
        ["std"] = new JsonArray(0.229, 0.224, 0.225),
    };
}
