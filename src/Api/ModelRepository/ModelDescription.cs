using System.Text.Json.Serialization;
using Fovea.Models.Adoption;
using Fovea.Models.Runtime;

namespace Fovea.Api.ModelRepository;

/// <summary>A model in the repository. Properties that are unknown until the file is loaded are null.</summary>
/// <param name="Name">The name of the model in routes.</param>
/// <param name="Versions">The numbers of the versions, the lowest first.</param>
/// <param name="DefaultVersion">The version that answers requests that name no version.</param>
/// <param name="State">Whether the default version can answer.</param>
/// <param name="Trained">Whether the weights were trained; otherwise they are random.</param>
/// <param name="Architecture">The network's name in the catalog; null if the file does not name one.</param>
/// <param name="Input">The shape of one preprocessed image: channels, height, width.</param>
/// <param name="Classes">The number of classes.</param>
/// <param name="Provider">The device that runs the model: cpu or cuda.</param>
/// <param name="Reason">
/// The reason why the model does not answer, or why a version other than the published one serves. Left out if there is nothing to report.
/// </param>
/// <param name="Findings">
/// The findings, changes and assumptions of adoption about a file that other software made. Left out for Fovea's own files, and in lists
/// of models.
/// </param>
internal sealed record ModelDescription(
    string Name,
    IReadOnlyList<int> Versions,
    int? DefaultVersion,
    ModelState State,
    bool? Trained,
    string? Architecture,
    IReadOnlyList<int>? Input,
    int? Classes,
    string Provider,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Findings? Findings)
{
    /// <summary>Describes a model as it is now.</summary>
    public static ModelDescription Of(StoredModel model, Device device)
    {
        var now = model.Now;
        var classifier = now.Serving?.Served?.Classifier;
        return new(
            model.Name,
            [.. now.Versions.Select(version => version.Number)],
            (now.Serving ?? now.Wanted)?.Number,
            now.State,
            classifier?.Trained,
            classifier?.Metadata.Architecture,
            classifier?.Input.Dimensions,
            classifier?.Classes,
            device.Provider,
            now.Reason,
            classifier?.Findings);
    }
}
