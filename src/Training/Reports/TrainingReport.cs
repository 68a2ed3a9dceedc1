using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Training;

/// <summary>The content of a training report, as a page or as JSON. The property names are the JSON format.</summary>
/// <param name="Images">The number of validation images.</param>
/// <param name="Wrong">The number of wrong predictions among them.</param>
/// <param name="MacroAccuracy">The mean of the classes' accuracies, 0 to 1.</param>
/// <param name="Evaluation">The metrics, as <c>evaluate --json</c> prints them.</param>
/// <param name="Calibration">The agreement of confidence and accuracy.</param>
/// <param name="Epochs">The metrics of each epoch, in order.</param>
/// <param name="Mistakes">The wrong predictions with the highest loss, in descending order of the loss.</param>
/// <param name="Provenance">The file's origin.</param>
internal sealed record TrainingReport(
    int Images,
    int Wrong,
    double MacroAccuracy,
    EvaluationReport Evaluation,
    Calibration Calibration,
    IReadOnlyList<EpochDone> Epochs,
    IReadOnlyList<Mistake> Mistakes,
    Provenance Provenance)
{
    /// <summary>Creates a report.</summary>
    /// <param name="evaluation">The evaluation on the validation images.</param>
    /// <param name="validation">The validation images.</param>
    /// <param name="labels">The class names, indexed by class.</param>
    /// <param name="run">The run that trained the file.</param>
    /// <param name="provenance">The file's origin.</param>
    /// <exception cref="Fovea.Models.FoveaException">An image cannot be read any more.</exception>
    public static TrainingReport Of(
        Evaluation evaluation, Dataset validation, IReadOnlyList<string> labels, RunRecord run, Provenance provenance) => new(
        evaluation.Outcomes.Count,
        evaluation.Outcomes.Count(o => !o.Right),
        evaluation.MacroAccuracy,
        EvaluationReport.Of(evaluation, labels),
        Calibration.Of(evaluation.Outcomes),
        run.Epochs,
        Mistake.Worst(evaluation.Outcomes, validation, labels),
        provenance);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(TrainingReport))]
internal sealed partial class TrainingReportJson : JsonSerializerContext;
