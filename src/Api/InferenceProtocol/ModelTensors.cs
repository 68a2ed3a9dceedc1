using Fovea.Api.ModelRepository;
using Fovea.Api.Serving;

namespace Fovea.Api.InferenceProtocol;

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
