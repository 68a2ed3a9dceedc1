using System.Text.Json.Serialization;
using Fovea.Models.Runtime;

namespace Fovea.Api.Classification;

/// <summary>What a model sees in an image.</summary>
/// <param name="Model">The model that answered.</param>
/// <param name="Version">Its version.</param>
/// <param name="Trained">Whether its weights were learnt; if not, the answer means nothing.</param>
/// <param name="Predictions">The likeliest classes, the likeliest first.</param>
/// <param name="MultiLabel">
/// True where the labels are independent: several may be right at once, so that the probabilities do not add up to 1. Otherwise left out.
/// </param>
/// <param name="Outlier">Whether the image resembles none of the classes; left out where the file is not calibrated for it.</param>
internal sealed record Answer(
    string Model,
    int Version,
    bool Trained,
    IReadOnlyList<Prediction> Predictions,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? MultiLabel = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] OutlierScore? Outlier = null);
