namespace Fovea.Api;

/// <summary>What a request to infer asks for.</summary>
/// <param name="Id">What is echoed; null where the request has none.</param>
/// <param name="Inputs">The tensors that it gives.</param>
/// <param name="Outputs">The tensors that it wants; null: all.</param>
/// <param name="IsBinary">Whether outputs that do not say otherwise are wanted behind the JSON.</param>
internal sealed record InferRequest(string? Id, IReadOnlyList<InferInput> Inputs, IReadOnlyList<InferOutput>? Outputs, bool IsBinary);

/// <summary>A tensor that is given.</summary>
/// <param name="Name">The input's name.</param>
/// <param name="Datatype">FP32, BYTES and so on.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Data">Where in the JSON its elements begin; null where they are not there.</param>
/// <param name="BinarySize">How many bytes behind the JSON are its elements; null where none are.</param>
internal sealed record InferInput(string Name, string Datatype, IReadOnlyList<long> Shape, int? Data, long? BinarySize);

/// <summary>A tensor that is wanted.</summary>
/// <param name="Name">The output's name.</param>
/// <param name="IsBinary">Whether it is wanted behind the JSON; null where it does not say.</param>
/// <param name="Classes">How many of the highest elements are wanted, with their labels, in its place; null: the tensor.</param>
internal sealed record InferOutput(string Name, bool? IsBinary, int? Classes);
