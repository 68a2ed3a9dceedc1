using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models.Errors;
using Fovea.Models.Explanations;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Confidence;
using Fovea.Training.DataQuality;
using Fovea.Training.Datasets;
using Fovea.Training.Evaluations;

namespace Fovea.Training.Reports;

/// <summary>The content of a training report, as a page or as JSON. The property names are the JSON format.</summary>
/// <param name="Images">The number of validation images.</param>
/// <param name="Wrong">The number of wrong predictions among them.</param>
/// <param name="MacroAccuracy">The mean of the classes' accuracies, 0 to 1.</param>
/// <param name="Evaluation">The metrics, as <c>evaluate --json</c> prints them.</param>
/// <param name="Calibration">The agreement of confidence and accuracy.</param>
/// <param name="Epochs">The metrics of each epoch, in order.</param>
/// <param name="Penalties">
/// The weight penalties from which cross-validation chose the penalty of the head, from strong to weak; empty if there was no choice.
/// </param>
/// <param name="Fitted">The figures of the fitted temperature and of the threshold for outliers; null without a calibration.</param>
/// <param name="Thresholds">
/// The precision and recall of each class by threshold; empty without a calibration, and for more than 20 classes.
/// </param>
/// <param name="Mistakes">The wrong predictions with the highest loss, in descending order of the loss.</param>
/// <param name="Provenance">The file's origin.</param>
internal sealed record TrainingReport(
    int Images,
    int Wrong,
    double MacroAccuracy,
    EvaluationReport Evaluation,
    Calibration Calibration,
    IReadOnlyList<EpochDone> Epochs,
    IReadOnlyList<PenaltyTried> Penalties,
    CalibrationFitted? Fitted,
    IReadOnlyList<ThresholdCurve> Thresholds,
    IReadOnlyList<Mistake> Mistakes,
    Provenance Provenance)
{
    /// <summary>The images of each cell of the confusion matrix; empty if the data set has no image files.</summary>
    public IReadOnlyList<ConfusionCell> Cells { get; init; } = [];

    /// <summary>The findings about the images; null, and left out of the JSON, if they were not checked.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DatasetHealth? Health { get; init; }

    /// <summary>Creates a report.</summary>
    /// <param name="evaluation">The evaluation on the validation images.</param>
    /// <param name="validation">The validation images.</param>
    /// <param name="labels">The class names, indexed by class.</param>
    /// <param name="run">The run that trained the file.</param>
    /// <param name="provenance">The file's origin.</param>
    /// <param name="folder">The folder of the report, from which links lead to images.</param>
    /// <param name="explainer">Draws heat maps beside the mistakes; null for none.</param>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public static TrainingReport Of(
        Evaluation evaluation,
        Dataset validation,
        IReadOnlyList<string> labels,
        RunRecord run,
        Provenance provenance,
        string folder,
        Explainer? explainer = null)
    {
        var links = new ImageLinks(validation, run.Report, folder);
        return new(
            evaluation.Outcomes.Count,
            evaluation.Outcomes.Count(o => !o.Right),
            evaluation.MacroAccuracy,
            EvaluationReport.Of(evaluation, labels),
            Calibration.Of(evaluation.Outcomes),
            run.Epochs,
            run.Penalties ?? [],
            run.Fitted?.Fit,
            run.Fitted?.Thresholds ?? [],
            Mistake.Worst(evaluation.Outcomes, validation, labels, links, explainer),
            provenance)
        {
            Health = run.Check is { } check ? HealthCheck.Of(check.Images) : null,
            Cells = ConfusionCell.Of(evaluation.Outcomes, labels, links, index => Mistake.ShortPath(validation.Source(index))),
        };
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(TrainingReport))]
internal sealed partial class TrainingReportJson : JsonSerializerContext;
