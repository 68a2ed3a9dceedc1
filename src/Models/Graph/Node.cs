namespace Fovea.Models;

/// <summary>One operator applied to values. An optional input that is not given is null.</summary>
public sealed class Node
{
    internal Node(string op, string domain, string name, Value?[] inputs, IReadOnlyDictionary<string, object> attributes) =>
        (Op, Domain, Name, Inputs, Attributes) = (op, domain, name, inputs, attributes);

    /// <summary>The operator, as the ONNX operator list names it: Conv, Relu, Gemm ...</summary>
    public string Op { get; }

    /// <summary>The operator set it is from; empty for ONNX's own.</summary>
    public string Domain { get; }

    /// <summary>Its name: the layer's path, such as <c>conv1</c> or <c>conv1/relu</c>.</summary>
    public string Name { get; }

    /// <summary>The inputs in the operator's order.</summary>
    public IReadOnlyList<Value?> Inputs { get; }

    /// <summary>The outputs in the operator's order.</summary>
    public IReadOnlyList<Value> Outputs { get; internal set; } = [];

    /// <summary>How many outputs it has, known before they are: an even split depends on it.</summary>
    internal int OutputCount { get; init; } = 1;

    /// <summary>Attributes that differ from the operator's defaults: long, float, string, long[], float[], string[] or <see cref="Tensor"/>.</summary>
    public IReadOnlyDictionary<string, object> Attributes { get; }

    /// <summary>The first output, for most operators the only one.</summary>
    public Value Output => Outputs[0];

    /// <summary>An input that the operator cannot do without.</summary>
    /// <exception cref="FoveaException">It is absent, so the file is bad.</exception>
    public Value this[int input] => (input < Inputs.Count ? Inputs[input] : null)
        ?? throw new FoveaException(ErrorCode.BadModelFile, $"Node {Name} ({Op}) lacks its input {input}.");

    /// <summary>An integer attribute, or the operator's default.</summary>
    public long Int(string attribute, long otherwise = 0) => Attribute(attribute, otherwise);

    /// <summary>A float attribute, or the operator's default.</summary>
    public float Float(string attribute, float otherwise) => Attribute(attribute, otherwise);

    /// <summary>A text attribute, or the operator's default.</summary>
    public string Text(string attribute, string otherwise) => Attribute(attribute, otherwise);

    /// <summary>A list of integers, such as kernel_shape, or the operator's default.</summary>
    public int[] Ints(string attribute, params int[] otherwise) =>
        Attributes.ContainsKey(attribute) ? [.. Attribute<long[]>(attribute, []).Select(i => checked((int)i))] : otherwise;

    /// <summary>
    /// A list of integers that some operator sets hold in an attribute and others take as an input, such as the axes of a reduction: empty where it is left
    /// out, null where only a run can tell.
    /// </summary>
    public int[]? Given(string attribute, int input) => PartialValues.Given(this, input, attribute);

    private T Attribute<T>(string attribute, T otherwise) => Attributes.GetValueOrDefault(attribute) switch
    {
        null => otherwise,
        T value => value,
        var value => throw new FoveaException(ErrorCode.BadModelFile, $"Attribute {attribute} of node {Name} ({Op}) is {value.GetType().Name}; expected {typeof(T).Name}."),
    };
}
