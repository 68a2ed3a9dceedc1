using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Training;

/// <summary>What a report says, whether as a page or as JSON.</summary>
/// <param name="Images">How many validation images there were.</param>
/// <param name="Wrong">How many of them were classified wrongly.</param>
/// <param name="MacroAccuracy">The mean of the classes' accuracies, 0 to 1.</param>
/// <param name="Evaluation">The figures that <c>evaluate --json</c> prints.</param>
/// <param name="Calibration">Whether the network is as often right as it is sure.</param>
/// <param name="Epochs">The learning curves.</param>
/// <param name="Mistakes">The wrong answers with the highest loss, the worst first.</param>
/// <param name="Provenance">What the file is, and where it comes from.</param>
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
    /// <summary>Puts a report together.</summary>
    public static TrainingReport Of(Evaluation evaluation, Dataset validation, IReadOnlyList<string> labels, RunRecord run, Provenance provenance) => new(
        evaluation.Outcomes.Count, evaluation.Outcomes.Count(o => !o.Right), evaluation.MacroAccuracy, EvaluationReport.Of(evaluation, labels), Calibration.Of(evaluation.Outcomes), run.Epochs,
        Mistake.Worst(evaluation.Outcomes, validation, labels), provenance);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(TrainingReport))]
internal sealed partial class TrainingReportJson : JsonSerializerContext;
