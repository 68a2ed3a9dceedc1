using System.Text.Json.Serialization;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>The server, as the Open Inference Protocol describes one.</summary>
/// <param name="Name">fovea.</param>
/// <param name="Version">Its version.</param>
/// <param name="Extensions">The extensions of the protocol that it has.</param>
internal sealed record ServerDescription(string Name, string Version, IReadOnlyList<string> Extensions);

/// <summary>Whether the server answers.</summary>
/// <param name="Live">Always true.</param>
internal sealed record ServerLive(bool Live);

/// <summary>Whether requests should be sent.</summary>
/// <param name="Ready">False while models are loading, and while the server shuts down.</param>
internal sealed record ServerReady(bool Ready);

/// <summary>Whether a model answers.</summary>
/// <param name="Name">The model.</param>
/// <param name="Ready">Whether it does.</param>
internal sealed record ModelReady(string Name, bool Ready);

/// <summary>A model, as the Open Inference Protocol describes one.</summary>
/// <param name="Name">The model.</param>
/// <param name="Versions">The versions that there are.</param>
/// <param name="Platform">onnx_onnxv1.</param>
/// <param name="Inputs">One: preprocessed images. Image files, as BYTES of shape [-1], are taken in its place.</param>
/// <param name="Outputs">One.</param>
internal sealed record ModelTensors(string Name, IReadOnlyList<string> Versions, string Platform, IReadOnlyList<TensorDescription> Inputs, IReadOnlyList<TensorDescription> Outputs)
{
    /// <summary>Describes a version.</summary>
    public static ModelTensors Of(StoredModel model, ServedModel served)
    {
        var classifier = served.Classifier;
        int batch = classifier.FixedBatch ?? Shape.Free;
        return new(
            model.Name,
            [.. model.Now.Versions.Select(version => $"{version.Number}")],
            "onnx_onnxv1",
            [new(classifier.InputName, "FP32", [batch, .. classifier.Input.Dimensions])],
            [new(classifier.OutputName, "FP32", [batch, classifier.Classes])]);
    }
}

/// <summary>An input or output.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Datatype">FP32.</param>
/// <param name="Shape">Its dimensions, -1 where free.</param>
internal sealed record TensorDescription(string Name, string Datatype, IReadOnlyList<int> Shape);

/// <summary>A version in the index of the repository.</summary>
/// <param name="Name">The model.</param>
/// <param name="Version">The version.</param>
/// <param name="State">READY, LOADING or UNAVAILABLE.</param>
/// <param name="Reason">Why it is not ready; empty where it is.</param>
internal sealed record IndexEntry(string Name, string Version, string State, string Reason)
{
    /// <summary>Whether it answers without being loaded first.</summary>
    [JsonIgnore]
    public bool IsReady => State == "READY";

    /// <summary>The versions of a model.</summary>
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
