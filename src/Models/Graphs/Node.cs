using Fovea.Models.Errors;

namespace Fovea.Models.Graphs;

/// <summary>One operator applied to values.</summary>
public sealed class Node
{
    internal Node(string op, string domain, string name, Value?[] inputs, IReadOnlyDictionary<string, object> attributes) =>
        (Op, Domain, Name, Inputs, Attributes) = (op, domain, name, inputs, attributes);

    /// <summary>The operator's name in the ONNX operator list, such as Conv, Relu or Gemm.</summary>
    public string Op { get; }

    /// <summary>The domain of the operator's set; empty for ONNX's own set.</summary>
    public string Domain { get; }

    /// <summary>The node's name: the layer's path, such as <c>conv1</c> or <c>conv1/relu</c>.</summary>
    public string Name { get; }

    /// <summary>The inputs in the operator's order; <c>null</c> for an optional input that is left out.</summary>
    public IReadOnlyList<Value?> Inputs { get; }

    /// <summary>The outputs in the operator's order.</summary>
    public IReadOnlyList<Value> Outputs { get; internal set; } = [];

    /// <summary>
    /// The number of outputs. Shape rules read it before <see cref="Outputs"/> is set: the sizes of an even split depend on it.
    /// </summary>
    internal int OutputCount { get; init; } = 1;

    /// <summary>
    /// The node's attributes, of type long, float, string, long[], float[], string[] or <see cref="Tensor"/>. An attribute that is missing
    /// has the operator's default value.
    /// </summary>
    public IReadOnlyDictionary<string, object> Attributes { get; }

    /// <summary>The first output; most operators have only one output.</summary>
    public Value Output => Outputs[0];

    /// <summary>An input that the operator requires.</summary>
    /// <exception cref="FoveaException">The input is left out, so the model file is invalid.</exception>
    public Value this[int input] => (input < Inputs.Count ? Inputs[input] : null)
        ?? throw new FoveaException(ErrorCode.BadModelFile, $"Node {Name} ({Op}) has no input {input}, which the operator requires.");

    /// <summary>An integer attribute, or <paramref name="otherwise"/> (the operator's default) if the attribute is missing.</summary>
    /// <exception cref="FoveaException">The attribute has another type.</exception>
    public long Int(string attribute, long otherwise = 0) => Attribute(attribute, otherwise);

    /// <summary>
    /// An integer attribute of 32 bits, such as an axis or a size, or <paramref name="otherwise"/> (the operator's default) if the
    /// attribute is missing.
    /// </summary>
    /// <exception cref="FoveaException">The attribute has another type, or the number does not fit 32 bits.</exception>
    public int Int32(string attribute, int otherwise = 0) => Narrow(attribute, Int(attribute, otherwise));

    /// <summary>A float attribute, or <paramref name="otherwise"/> (the operator's default) if the attribute is missing.</summary>
    /// <exception cref="FoveaException">The attribute has another type.</exception>
    public float Float(string attribute, float otherwise) => Attribute(attribute, otherwise);

    /// <summary>A text attribute, or <paramref name="otherwise"/> (the operator's default) if the attribute is missing.</summary>
    /// <exception cref="FoveaException">The attribute has another type.</exception>
    public string Text(string attribute, string otherwise) => Attribute(attribute, otherwise);

    /// <summary>
    /// A list of integers, such as kernel_shape, or <paramref name="otherwise"/> (the operator's default) if the attribute is missing.
    /// </summary>
    /// <exception cref="FoveaException">The attribute has another type, or a number does not fit 32 bits.</exception>
    public int[] Ints(string attribute, params int[] otherwise) =>
        Attributes.ContainsKey(attribute) ? [.. Attribute<long[]>(attribute, []).Select(number => Narrow(attribute, number))] : otherwise;

    /// <summary>
    /// A list of integers that is an attribute in some operator sets and an input in others, such as the axes of a reduction. Empty if the
    /// node has neither; <c>null</c> if a node computes the list when the graph runs.
    /// </summary>
    /// <param name="attribute">The attribute's name.</param>
    /// <param name="input">The input's index, from 0.</param>
    public int[]? Given(string attribute, int input) => PartialValues.KnownInts(this, input, attribute);

    private int Narrow(string attribute, long number) => number is >= int.MinValue and <= int.MaxValue
        ? (int)number
        : throw new FoveaException(
            ErrorCode.BadModelFile,
            $"Attribute {attribute} of node {Name} ({Op}) is {number}; expected {int.MinValue} to {int.MaxValue}.");

    private T Attribute<T>(string attribute, T otherwise) => Attributes.GetValueOrDefault(attribute) switch
    {
        null => otherwise,
        T value => value,
        var value => throw new FoveaException(
            ErrorCode.BadModelFile,
            $"Attribute {attribute} of node {Name} ({Op}) is {KindOf(value.GetType())}; expected {KindOf(typeof(T))}."),
    };

    private static string KindOf(Type type) =>
        type == typeof(long) ? "an integer"
        : type == typeof(float) ? "a float"
        : type == typeof(string) ? "a text"
        : type == typeof(long[]) ? "a list of integers"
        : type == typeof(float[]) ? "a list of floats"
        : type == typeof(string[]) ? "a list of texts"
        : "a tensor";
}
