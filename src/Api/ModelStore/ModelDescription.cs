using System.Text.Json.Serialization;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>A model of the repository. What cannot be known before its file is loaded is null.</summary>
/// <param name="Name">What it is called in routes.</param>
/// <param name="Versions">The versions that there are, the lowest first.</param>
/// <param name="DefaultVersion">The version that answers where none is asked for.</param>
/// <param name="State">Whether that version can answer.</param>
/// <param name="Trained">Whether its weights were learnt; otherwise they are random.</param>
/// <param name="Architecture">The network's name in the catalog; null for a foreign file that does not say.</param>
/// <param name="Input">The shape of one image as the network takes it: channels, height, width.</param>
/// <param name="Classes">The number of classes.</param>
/// <param name="Provider">What it runs on.</param>
/// <param name="Reason">Why it failed, or why another version serves than should; only there if so.</param>
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
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason)
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
            now.Reason);
    }
}
