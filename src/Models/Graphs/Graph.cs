using Fovea.Models.Errors;

namespace Fovea.Models.Graphs;

/// <summary>
/// An ONNX graph in memory. It can be inspected and rewritten, and then be written to a file or opened as a session. The list of nodes is
/// in the order in which they run. Adding a node infers the shapes of its outputs. <see cref="OperatorMethods"/> has a method for each
/// operator that Fovea writes.
/// </summary>
/// <param name="name">The graph's name; for a catalog network, the architecture's name.</param>
public sealed class Graph(string name)
{
    /// <summary>The ONNX operator set of all graphs that Fovea writes. ONNX Runtime and python3-onnx 1.12 both support it.</summary>
    public const int Opset = 17;

    private readonly HashSet<string> names = [], reserved = [];

    /// <summary>The graph's name; for a catalog network, the architecture's name.</summary>
    public string Name { get; } = name;

    /// <summary>A prefix of the names that the graph generates, such as <c>conv1/</c>. Default: empty.</summary>
    public string Scope { get; set; } = "";

    /// <summary>
    /// The version of each operator set, by the set's domain. The empty domain means ONNX's own set. Default: version 17 of ONNX's own set.
    /// </summary>
    public IDictionary<string, long> OperatorSets { get; } = new Dictionary<string, long> { [""] = Opset };

    /// <summary>The values that the caller supplies when the graph runs.</summary>
    public IList<Value> Inputs { get; } = [];

    /// <summary>The values that a run returns.</summary>
    public IList<Value> Outputs { get; } = [];

    /// <summary>The operators in the order in which they run.</summary>
    public IList<Node> Nodes { get; } = [];

    /// <summary>Weights and other constants, in the order in which they were added.</summary>
    public OrderedDictionary<Value, Tensor> Initializers { get; } = [];

    /// <summary>
    /// Constants of text, such as labels, row-major. They are only for reading: a graph whose nodes still use a text constant cannot be
    /// written to a file.
    /// </summary>
    internal Dictionary<Value, string[]> Texts { get; } = [];

    /// <summary>The file's metadata properties; see <c>ModelMetadata</c>.</summary>
    public IDictionary<string, string> Metadata { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Adds an input.</summary>
    /// <exception cref="FoveaException">Another value has this name.</exception>
    public Value Input(string name, ElementType type, Shape shape)
    {
        var input = NewValue(name, type, shape);
        Inputs.Add(input);
        return input;
    }

    /// <summary>Adds a weight or another constant.</summary>
    /// <exception cref="FoveaException">Another value has this name.</exception>
    public Value Initializer(string name, Tensor tensor)
    {
        var initializer = NewValue(name, tensor.Type, tensor.Shape);
        Initializers.Add(initializer, tensor);
        return initializer;
    }

    /// <summary>Adds a constant of text.</summary>
    /// <exception cref="FoveaException">Another value has this name.</exception>
    internal Value TextConstant(string name, Shape shape, string[] texts)
    {
        var value = NewValue(name, ElementType.Text, shape);
        Texts.Add(value, texts);
        return value;
    }

    /// <summary>Adds a constant with a generated name.</summary>
    public Value Constant(Tensor tensor) => Initializer(FreeName("constant"), tensor);

    /// <summary>Adds a constant float scalar with a generated name.</summary>
    public Value Scalar(float value) => Constant(Tensor.Scalar(value));

    /// <summary>Adds a value to the graph's outputs. A node must compute it.</summary>
    public void Output(Value value) => Outputs.Add(value);

    /// <summary>Adds an operator of ONNX's own set and returns its first output.</summary>
    /// <exception cref="FoveaException">The inputs do not fit the operator.</exception>
    public Value Apply(string op, ReadOnlySpan<Value?> inputs, params ReadOnlySpan<(string Name, object Value)> attributes) =>
        Add(op, inputs, attributes).Output;

    /// <summary>
    /// Adds an operator of another operator set and returns its output. Such operators have no shape rule, so the caller gives the output's
    /// <paramref name="shape"/>. The output has the element type of the first input.
    /// </summary>
    public Value Apply(
        string domain, string op, ReadOnlySpan<Value?> inputs, Shape shape, params ReadOnlySpan<(string Name, object Value)> attributes) =>
        Apply(domain, op, inputs, [shape], attributes)[0];

    /// <summary>Adds an operator of another operator set that has several outputs, all of the element type of the first input.</summary>
    internal IReadOnlyList<Value> Apply(
        string domain, string op, ReadOnlySpan<Value?> inputs, ReadOnlySpan<Shape> shapes,
        params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        OperatorSets.TryAdd(domain, 1);
        var name = FreeName(op.ToLowerInvariant());
        string[] names = [name, .. Enumerable.Range(1, shapes.Length - 1).Select(i => $"{name}:{i}")];
        var outputs = Add(op, inputs, attributes, name, domain, names).Outputs;
        for (int i = 0; i < outputs.Count; i++)
        {
            (outputs[i].Type, outputs[i].Shape) = (inputs[0]!.Type, shapes[i]);
        }

        return outputs;
    }

    /// <summary>
    /// Returns the initializer with this name. If there is none, adds one; <paramref name="tensor"/> is called only in this case.
    /// </summary>
    public Value Constant(string name, Func<Tensor> tensor) =>
        Initializers.Keys.FirstOrDefault(value => value.Name == name) ?? Initializer(name, tensor());

    /// <summary>Adds an operator and infers the types and shapes of its outputs.</summary>
    /// <param name="op">The operator's name in the ONNX operator list.</param>
    /// <param name="inputs">The inputs; <c>null</c> for an optional input that is left out.</param>
    /// <param name="attributes">
    /// The attributes. An attribute that is left out has the operator's default value. Types: see <see cref="Node.Attributes"/>.
    /// </param>
    /// <param name="name">The name of the node and of its first output; <c>null</c> for a generated name.</param>
    /// <param name="domain">The domain of the operator set; empty for ONNX's own set.</param>
    /// <param name="outputs">
    /// The outputs' names. If there are none, the shape rule gives the number of outputs; the first is named like the node, and the others
    /// have <c>:1</c>, <c>:2</c> and so on after the node's name.
    /// </param>
    /// <exception cref="FoveaException">
    /// The inputs do not fit the operator, an attribute is given twice, or a name is already used.
    /// </exception>
    public Node Add(
        string op,
        ReadOnlySpan<Value?> inputs,
        ReadOnlySpan<(string Name, object Value)> attributes = default,
        string? name = null,
        string domain = "",
        params ReadOnlySpan<string> outputs)
    {
        name ??= FreeName(op.ToLowerInvariant());
        var given = new Dictionary<string, object>();
        foreach (var (key, value) in attributes)
        {
            if (!given.TryAdd(key, value))
            {
                throw new FoveaException(ErrorCode.BadModelFile, $"Node {name} ({op}) has the attribute {key} twice; expected once.");
            }
        }

        var node = new Node(op, domain, name, inputs.ToArray(), given) { OutputCount = Math.Max(1, outputs.Length) };
        var inferred = ShapeRules.Infer(node);
        node.Outputs = outputs.IsEmpty
            ? [.. inferred.Select((output, i) => NewValue(i == 0 ? name : $"{name}:{i}", output.Type, output.Shape))]
            : [.. outputs.ToArray().Select((output, i) => NewValue(output, Inferred(i).Type, Inferred(i).Shape))];
        foreach (var output in node.Outputs)
        {
            output.Producer = node;
        }

        node.Output.Elements = PartialValues.Evaluate(node);

        Nodes.Add(node);
        return node;

        // The type and shape of an output; unknown if the shape rule has fewer outputs.
        (ElementType Type, Shape Shape) Inferred(int output) => inferred.ElementAtOrDefault(output);
    }

    /// <summary>
    /// Copies this graph's nodes and initializers to another graph. Shapes are inferred again, so a free batch size becomes known if the
    /// input's replacement has a known batch size. Outputs are not copied.
    /// </summary>
    /// <param name="target">The graph that the copies are added to.</param>
    /// <param name="replaced">
    /// The value of the target that replaces each value of this graph. It must have an entry for each input. An initializer with an entry
    /// is not copied. The method adds an entry for each value that it copies.
    /// </param>
    /// <param name="rewrite">
    /// Replaces a node by other operators. The function receives the node and the node's inputs in the target, and returns the values that
    /// replace the node's outputs, or <c>null</c> to copy the node. Default: all nodes are copied.
    /// </param>
    public void CopyTo(Graph target, IDictionary<Value, Value> replaced, Func<Node, Value?[], IReadOnlyList<Value>?>? rewrite = null)
    {
        // A generated name must not be the name of a node that is copied later.
        target.reserved.UnionWith(names);
        foreach (var (value, tensor) in Initializers.Where(i => !replaced.ContainsKey(i.Key)))
        {
            replaced.Add(value, target.Initializer(value.Name, tensor));
        }

        foreach (var (value, texts) in Texts)
        {
            replaced.Add(value, target.TextConstant(value.Name, value.Shape, texts));
        }

        foreach (var node in Nodes)
        {
            Value?[] inputs = [.. node.Inputs.Select(input => input is null ? null : replaced[input])];
            target.Scope = $"{node.Name}/";
            foreach (var (from, to) in node.Outputs.Zip(rewrite?.Invoke(node, inputs) ?? Copied(target, node, inputs)))
            {
                replaced.Add(from, to);
            }
        }

        target.Scope = "";
    }

    private static IReadOnlyList<Value> Copied(Graph target, Node node, Value?[] inputs)
    {
        string[] outputs = [.. node.Outputs.Select(output => output.Name)];
        var copy = target.Add(node.Op, inputs, [.. node.Attributes.Select(a => (a.Key, a.Value))], node.Name, node.Domain, outputs);
        foreach (var (from, to) in node.Outputs.Zip(copy.Outputs))
        {
            to.Type = to.Type == ElementType.Unknown ? from.Type : to.Type;
        }

        return copy.Outputs;
    }

    /// <summary>
    /// Returns a copy of the graph in which the free channels, height and width of its input have the values of <paramref name="image"/>.
    /// The batch size stays free. Returns the graph itself if <paramref name="image"/> is <c>null</c>, if none of the three is free, or if
    /// the graph does not have exactly one input, of rank 4.
    /// </summary>
    /// <param name="image">The shape of one image, [C, H, W]; <c>null</c> if it is unknown.</param>
    public Graph ForImages(Shape? image)
    {
        if (image is not { IsKnown: true, Rank: 3 } size
            || Inputs is not [{ Shape: { Rank: 4 } free } input]
            || free.Dimensions[1..].All(d => d != Shape.Free))
        {
            return this;
        }

        var sized = EmptyCopy();
        var dimensions = free.Dimensions.Select((d, axis) => axis > 0 && d == Shape.Free ? size[axis - 1] : d);
        var replaced = new Dictionary<Value, Value> { [input] = sized.Input(input.Name, input.Type, new Shape([.. dimensions])) };
        CopyTo(sized, replaced);
        foreach (var output in Outputs)
        {
            sized.Output(replaced[output]);
        }

        return sized;
    }

    /// <summary>A graph without values and nodes, with the same name, operator sets and metadata.</summary>
    internal Graph EmptyCopy()
    {
        var copy = new Graph(Name);
        foreach (var (domain, version) in OperatorSets)
        {
            copy.OperatorSets[domain] = version;
        }

        foreach (var (key, value) in Metadata)
        {
            copy.Metadata[key] = value;
        }

        return copy;
    }

    /// <summary>Removes the nodes and initializers that no output depends on.</summary>
    public void Prune()
    {
        var needed = Outputs.ToHashSet();
        for (int i = Nodes.Count - 1; i >= 0; i--)
        {
            if (Nodes[i].Outputs.Any(needed.Contains))
            {
                needed.UnionWith(Nodes[i].Inputs.OfType<Value>());
            }
            else
            {
                Nodes.RemoveAt(i);
            }
        }

        foreach (var unused in Initializers.Keys.Where(initializer => !needed.Contains(initializer)).ToArray())
        {
            Initializers.Remove(unused);
        }
    }

    /// <summary>Reserves names for values that will be added later, so that <see cref="FreeName"/> does not generate them.</summary>
    internal void Reserve(IEnumerable<string> later) => reserved.UnionWith(later);

    private Value NewValue(string name, ElementType type, Shape shape) => names.Add(name) || name.Length == 0
        ? new Value(this, name, type, shape)
        : throw new FoveaException(
            ErrorCode.BadModelFile, $"Two values of graph {Name} have the name {name}; expected a different name for each.");

    /// <summary>Generates a name that no value has: the scope, the stem and a number.</summary>
    internal string FreeName(string stem)
    {
        for (int i = names.Count; ; i++)
        {
            if ($"{Scope}{stem}_{i}" is var name && !names.Contains(name) && !reserved.Contains(name))
            {
                return name;
            }
        }
    }
}
