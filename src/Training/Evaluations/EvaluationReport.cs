using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models.Graphs;

namespace Fovea.Training.Evaluations;

/// <summary>An evaluation as <c>evaluate --json</c> prints it; the property names are the JSON format.</summary>
/// <param name="Accuracy">The share of correct predictions, 0 to 1.</param>
/// <param name="Top5">
/// The share of images whose class is among the five likeliest, 0 to 1. Null, and left out of the JSON, for a network of fewer than six
/// classes: every class or all but one are then among the five likeliest, so the share says nothing.
/// </param>
/// <param name="Loss">The mean cross-entropy in nats.</param>
/// <param name="Classes">The metrics of each class.</param>
/// <param name="Confusion">The number of images by true class (row) and predicted class (column), in the order of the classes.</param>
/// <param name="Others">
/// The number of images of each class that are predicted as a class that does not occur in the data set. Null, and left out of the JSON, if
/// there are none.
/// </param>
internal sealed record EvaluationReport(
    double Accuracy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Top5,
    double Loss,
    IReadOnlyList<ClassReport> Classes,
    int[][] Confusion,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int[]? Others = null)
{
    private const int MinimumClassesForTop5 = 6;

    /// <summary>Computes the report of an evaluation.</summary>
    /// <param name="e">The evaluation.</param>
    /// <param name="labels">The class names, indexed by class.</param>
    public static EvaluationReport Of(Evaluation e, IReadOnlyList<string> labels) => new(
        e.Accuracy,
        labels.Count < MinimumClassesForTop5 ? null : e.Top5,
        e.Loss,
        [.. labels.Select((label, i) => ClassReport.Of(label, i, e.Confusion))],
        e.Confusion);

    /// <summary>Returns the same report without the classes that have no images.</summary>
    public EvaluationReport OfOccurring()
    {
        int[] occurring = [.. Classes.Index().Where(c => c.Item.Support > 0).Select(c => c.Index)];
        int[][] confusion = [.. occurring.Select(row => occurring.Select(column => Confusion[row][column]).ToArray())];
        int[] others = [.. occurring.Zip(confusion, (row, own) => Confusion[row].Sum() - own.Sum())];
        return this with
        {
            Classes = [.. occurring.Select(c => Classes[c])],
            Confusion = confusion,
            Others = others.Any(images => images > 0) ? others : null,
        };
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(EvaluationReport))]
internal sealed partial class EvaluationJson : JsonSerializerContext;
