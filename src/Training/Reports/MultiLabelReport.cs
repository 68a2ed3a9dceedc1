using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Confidence;
using Fovea.Training.DataQuality;
using Fovea.Training.Evaluations;

namespace Fovea.Training.Reports;

/// <summary>
/// The content of the report on a network that gives several labels, as a page or as JSON. The property names are the JSON format.
/// </summary>
/// <param name="Images">The number of validation images.</param>
/// <param name="Evaluation">The metrics, as <c>evaluate --json</c> prints them.</param>
/// <param name="Epochs">The metrics of each epoch, in order.</param>
/// <param name="Penalties">
/// The weight penalties from which cross-validation chose the penalty of the head, from strong to weak; empty if there was no choice.
/// </param>
/// <param name="Fitted">The figures of the fitted temperature; null without a calibration.</param>
/// <param name="Thresholds">
/// The precision and recall of each label by threshold; empty without a calibration, and for more than 20 labels.
/// </param>
/// <param name="Provenance">The file's origin.</param>
internal sealed record MultiLabelReport(
    int Images,
    MultiLabelEvaluation Evaluation,
    IReadOnlyList<EpochDone> Epochs,
    IReadOnlyList<PenaltyTried> Penalties,
    CalibrationFitted? Fitted,
    IReadOnlyList<ThresholdCurve> Thresholds,
    Provenance Provenance)
{
    /// <summary>The findings about the images; null, and left out of the JSON, if they were not checked.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DatasetHealth? Health { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(MultiLabelReport))]
[JsonSerializable(typeof(MultiLabelEvaluation))]
internal sealed partial class MultiLabelJson : JsonSerializerContext;
