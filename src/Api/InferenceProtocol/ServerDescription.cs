using System.Text.Json.Serialization;
using Fovea.Api.ModelRepository;
using Fovea.Api.Serving;

namespace Fovea.Api.InferenceProtocol;

/// <summary>The description of the server in the Open Inference Protocol.</summary>
/// <param name="Name">Always fovea.</param>
/// <param name="Version">The version of the service.</param>
/// <param name="Extensions">The supported extensions of the protocol.</param>
internal sealed record ServerDescription(string Name, string Version, IReadOnlyList<string> Extensions)
{
    /// <summary>Describes this server, with the extensions that it supports over one transport.</summary>
    public static ServerDescription With(params IReadOnlyList<string> extensions) =>
        new("fovea", typeof(ServerDescription).Assembly.GetName().Version!.ToString(3), extensions);
}

/// <summary>Whether the server answers.</summary>
/// <param name="Live">Always true.</param>
internal sealed record ServerLive(bool Live);

/// <summary>Whether the server is ready for requests.</summary>
/// <param name="Ready">False while models are loading, and while the server shuts down.</param>
internal sealed record ServerReady(bool Ready);

/// <summary>Whether a model answers.</summary>
/// <param name="Name">The model.</param>
/// <param name="Ready">Whether the model answers.</param>
internal sealed record ModelReady(string Name, bool Ready);

/// <summary>The description of a model in the Open Inference Protocol.</summary>
/// <param name="Name">The model.</param>
/// <param name="Versions">The versions in the repository.</param>
/// <param name="Platform">Always onnx_onnxv1.</param>
/// <param name="Inputs">
/// The one input: preprocessed images, with the name, type and layout that they have in the model's original file. Requests may send image
/// files in its place, as BYTES of shape [-1].
/// </param>
/// <param name="Outputs">The one output: logits, or probabilities if the model ends in a softmax.</param>
internal sealed record ModelTensors(
    string Name,
    IReadOnlyList<string> Versions,
    string Platform,
    IReadOnlyList<TensorDescription> Inputs,
    IReadOnlyList<TensorDescription> Outputs)
{
    /// <summary>Describes a version.</summary>
    public static ModelTensors Of(StoredModel model, ServedModel served)
    {
        var (input, output) = (ModelTensor.InputOf(served.Classifier), ModelTensor.OutputOf(served.Classifier));
        return new(
            model.Name,
            [.. model.Now.Versions.Select(version => $"{version.Number}")],
            "onnx_onnxv1",
            [new(input.Name, input.Type.Name, input.Shape)],
            [new(output.Name, output.Type.Name, output.Shape)]);
    }
}

/// <summary>The description of an input or output.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Datatype">The type of its numbers: FP32, or FP16, UINT8 and so on if the file has that type.</param>
/// <param name="Shape">The dimensions; -1 where any size is possible.</param>
internal sealed record TensorDescription(string Name, string Datatype, IReadOnlyList<int> Shape);

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
