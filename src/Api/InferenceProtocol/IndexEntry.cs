using System.Text.Json.Serialization;
using Fovea.Api.ModelRepository;

namespace Fovea.Api.InferenceProtocol;

/// <summary>A version in the index of the repository.</summary>
/// <param name="Name">The model.</param>
/// <param name="Version">The version.</param>
/// <param name="State">READY, LOADING or UNAVAILABLE.</param>
/// <param name="Reason">The reason why the version is not ready; empty if it is ready.</param>
internal sealed record IndexEntry(string Name, string Version, string State, string Reason)
{
    /// <summary>Whether the version is loaded and answers.</summary>
    [JsonIgnore]
    public bool IsReady => State == "READY";

    /// <summary>Lists the versions of a model.</summary>
    public static IEnumerable<IndexEntry> Of(StoredModel model)
    {
        var now = model.Now;
        return now.Versions.Select(version => Entry(version) switch
        {
            var (state, reason) => new IndexEntry(model.Name, $"{version.Number}", state, reason),
        });

        (string State, string Reason) Entry(ModelVersion version) => now.State switch
        {
            ModelState.Loading => ("LOADING", "the server is starting"),
            ModelState.Unloaded => ("UNAVAILABLE", "unloaded"),
            _ when version.Served is not null => ("READY", ""),
            _ when version == now.Wanted && now.Reason is { } reason => ("UNAVAILABLE", reason),
            _ => ("UNAVAILABLE", "not loaded; a request that names this version loads it"),
        };
    }
}
