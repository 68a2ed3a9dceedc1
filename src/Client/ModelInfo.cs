namespace Fovea.Client;

/// <summary>A model of the service. Properties that are unknown until the model's file is loaded are null.</summary>
/// <param name="Name">The name in requests.</param>
/// <param name="Versions">The numbers of the versions, the lowest first.</param>
/// <param name="DefaultVersion">The version that answers requests that name no version; null: no version does.</param>
/// <param name="State">loading, ready, failed, unpublished or unloaded.</param>
/// <param name="Trained">Whether the weights were trained; otherwise they are random.</param>
/// <param name="Architecture">The network's name in the catalog; null also for files of other software.</param>
/// <param name="Input">The shape of one preprocessed image: channels, height, width.</param>
/// <param name="Classes">The number of classes.</param>
/// <param name="Provider">The device that runs the model: cpu or cuda.</param>
/// <param name="Reason">
/// The reason why the model failed, or why the service serves another version than the chosen version; otherwise null.
/// </param>
public sealed record ModelInfo(
    string Name,
    IReadOnlyList<int> Versions,
    int? DefaultVersion,
    string State,
    bool? Trained,
    string? Architecture,
    IReadOnlyList<int>? Input,
    int? Classes,
    string Provider,
    string? Reason)
{
    /// <summary>Whether the model is ready for requests.</summary>
    public bool IsReady => State == "ready";
}
