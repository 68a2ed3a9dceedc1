
namespace Fovea.Api.InferenceProtocol;

/// <summary>A request to infer.</summary>
/// <param name="Id">The id, which the answer repeats; null if the request has none.</param>
/// <param name="Inputs">The tensors in the request.</param>
/// <param name="Outputs">The tensors to return; null returns all.</param>
/// <param name="IsBinary">Whether to write outputs as bytes after the JSON, unless an output says otherwise.</param>
internal sealed record InferRequest(
    string? Id, IReadOnlyList<InferInput> Inputs, IReadOnlyList<InferOutput>? Outputs, bool IsBinary);

/// <summary>A tensor in a request.</summary>
/// <param name="Name">The input's name.</param>
/// <param name="Datatype">FP32, BYTES and so on.</param>
/// <param name="Shape">The dimensions.</param>
/// <param name="Data">The position in the JSON where the elements begin; null if the JSON does not have them.</param>
/// <param name="BinarySize">The number of bytes after the JSON that are the elements; null if there are none.</param>
internal sealed record InferInput(string Name, string Datatype, IReadOnlyList<long> Shape, int? Data, long? BinarySize);

/// <summary>An output tensor that a request asks for.</summary>
/// <param name="Name">The output's name.</param>
/// <param name="IsBinary">Whether to write the tensor as bytes after the JSON; null leaves the choice to the request.</param>
/// <param name="Classes">
/// The number of highest elements to return with their labels, in place of the tensor; null returns the tensor.
/// </param>
internal sealed record InferOutput(string Name, bool? IsBinary, int? Classes);
