namespace Fovea.Client;

/// <summary>A model of the service. What is unknown until its file is loaded is null.</summary>
/// <param name="Name">The name in requests.</param>
/// <param name="Versions">The numbers of the versions, the lowest first.</param>
/// <param name="DefaultVersion">The version that answers requests that name no version; null: none does.</param>
/// <param name="State">loading, ready, failed, unpublished or unloaded.</param>
/// <param name="Trained">Whether the weights were trained; otherwise they are random.</param>
/// <param name="Architecture">The network's name in the catalog; null also for files of other software.</param>
/// <param name="Input">The shape of one preprocessed image: channels, height, width.</param>
/// <param name="Classes">The number of classes.</param>
/// <param name="Provider">The device that runs the model: cpu or cuda.</param>
/// <param name="Reason">Why the model failed, or why another version serves than the chosen one; otherwise null.</param>
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
    /// <summary>Whether the model answers.</summary>
    public bool IsReady => State == "ready";
}
