using System.Text.Json.Serialization;
using Fovea.Models.Runtime;

namespace Fovea.Api.Classification;

/// <summary>A model's answer to one image.</summary>
/// <param name="Model">The name of the model that answered.</param>
/// <param name="Version">The version of the model.</param>
/// <param name="Trained">Whether the weights were trained. If false, they are random, and the answer means nothing.</param>
/// <param name="Predictions">The likeliest classes, the likeliest first.</param>
/// <param name="MultiLabel">
/// True if the labels are independent: several may be right at once, and the probabilities need not add up to 1. Otherwise left out.
/// </param>
/// <param name="Outlier">
/// Whether the image resembles none of the classes. Left out if the model file is not calibrated to detect this.
/// </param>
internal sealed record Answer(
    string Model,
    int Version,
    bool Trained,
    IReadOnlyList<Prediction> Predictions,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? MultiLabel = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] OutlierScore? Outlier = null);
