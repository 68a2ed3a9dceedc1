using Fovea.Api.Problems;

namespace Fovea.Api.InferenceProtocol;

/// <summary>A request to infer.</summary>
/// <param name="Id">The id, which the answer repeats; null if the request has none.</param>
/// <param name="Inputs">The tensors in the request.</param>
/// <param name="Outputs">The tensors to return; null returns all.</param>
/// <param name="IsBinary">Whether to write outputs as bytes, unless an output says otherwise.</param>
internal sealed record InferRequest(
    string? Id, IReadOnlyList<InferInput> Inputs, IReadOnlyList<InferOutput>? Outputs, bool IsBinary)
{
    /// <summary>Makes the error for a request that does not follow the protocol.</summary>
    public static ServiceException Malformed(string message, Exception? cause = null) => new(ServiceError.MalformedRequest, message, cause);

    /// <summary>Returns the number of highest elements that the parameter <c>classification</c> of an output asks for.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: the number is not from 1 to 2^31 - 1.</exception>
    public static int Classes(long parameter) => parameter is > 0 and <= int.MaxValue
        ? (int)parameter
        : throw Malformed($"classification is out of range; expected 1 to {int.MaxValue}.");
}

/// <summary>A tensor in a request.</summary>
/// <param name="Name">The input's name.</param>
/// <param name="Datatype">FP32, BYTES and so on.</param>
/// <param name="Shape">The dimensions.</param>
/// <param name="Elements">The elements, not yet read.</param>
internal sealed record InferInput(string Name, string Datatype, IReadOnlyList<long> Shape, TensorElements Elements);

/// <summary>An output tensor that a request asks for.</summary>
/// <param name="Name">The output's name.</param>
/// <param name="IsBinary">Whether to write the tensor as bytes; null leaves the choice to the request.</param>
/// <param name="Classes">
/// The number of highest elements to return with their labels, in place of the tensor; null returns the tensor.
/// </param>
internal sealed record InferOutput(string Name, bool? IsBinary, int? Classes);
