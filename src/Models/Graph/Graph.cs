namespace Fovea.Models;

/// <summary>
/// An ONNX graph in memory: what a network is before it is a file or a session. Nodes stand in the order in which they
/// run, and each knows the shapes of its outputs. Operators are added through <see cref="Operators"/>.
/// </summary>
public sealed class Graph(string name)
{
    /// <summary>The operator set that everything here is written in; ONNX Runtime and python3-onnx 1.12 both know it.</summary>
    public const int Opset = 17;

    private readonly HashSet<string> names = [], reserved = [];

    /// <summary>The graph's name, for a catalog network its architecture.</summary>
    public string Name { get; } = name;

    /// <summary>What names of the graph's own making begin with, to say what a node is for. Default: nothing.</summary>
    public string Scope { get; set; } = "";

    /// <summary>Operator sets by domain; the empty domain is ONNX's own.</summary>
    public IDictionary<string, long> OperatorSets { get; } = new Dictionary<string, long> { [""] = Opset };

    /// <summary>What the caller supplies when the graph runs.</summary>
    public IList<Value> Inputs { get; } = [];

    /// <summary>What the caller gets.</summary>
    public IList<Value> Outputs { get; } = [];

    /// <summary>The operators in the order in which they run.</summary>
    public IList<Node> Nodes { get; } = [];

    /// <summary>Weights and other constants, in the order of their first use.</summary>
    public OrderedDictionary<Value, Tensor> Initializers { get; } = [];

    /// <summary>The file's metadata properties; see <see cref="ModelMetadata"/>.</summary>
    public IDictionary<string, string> Metadata { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Adds an input.</summary>
    public Value Input(string name, ElementType type, Shape shape)
    {
        var input = NewValue(name, type, shape);
        Inputs.Add(input);
        return input;
    }

    /// <summary>Adds a weight or another constant.</summary>
    public Value Initializer(string name, Tensor tensor)
    {
        var initializer = NewValue(name, tensor.Type, tensor.Shape);
        Initializers.Add(initializer, tensor);
        return initializer;
    }

    /// <summary>Adds a constant under a name of its own making.</summary>
    public Value Constant(Tensor tensor) => Initializer(FreeName("constant"), tensor);

    /// <summary>Adds a float scalar.</summary>
    public Value Scalar(float value) => Constant(Tensor.Scalar(value));

    /// <summary>Names a value as an output of the graph. It must be one that a node computes.</summary>
    public void Output(Value value) => Outputs.Add(value);

    /// <summary>Adds an operator with one output and gives that output.</summary>
    public Value Apply(string op, ReadOnlySpan<Value?> inputs, params ReadOnlySpan<(string Name, object Value)> attributes) =>
        Add(op, inputs, attributes).Output;

    /// <summary>Adds an operator of another operator set, of which no rule knows the shape that it gives; its output has the type of its first input.</summary>
    public Value Apply(string domain, string op, ReadOnlySpan<Value?> inputs, Shape shape, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        OperatorSets.TryAdd(domain, 1);
        var output = Add(op, inputs, attributes, domain: domain).Output;
        (output.Type, output.Shape) = (inputs[0]!.Type, shape);
        return output;
    }

    /// <summary>Adds a constant under its name, once: another of that name is taken for the same.</summary>
    public Value Constant(string name, Func<Tensor> tensor) => Initializers.Keys.FirstOrDefault(value => value.Name == name) ?? Initializer(name, tensor());

    /// <summary>Adds an operator.</summary>
    /// <param name="op">The operator's name in the ONNX operator list.</param>
    /// <param name="inputs">Its inputs; null for one that is left out.</param>
    /// <param name="attributes">Its attributes; a null value leaves the operator's default.</param>
    /// <param name="name">The node's name, and with it its first output's; made up where null.</param>
    /// <param name="domain">The operator set; empty for ONNX's own.</param>
    /// <param name="outputs">The outputs' names; empty: one, named like the node.</param>
    /// <exception cref="FoveaException">The inputs do not fit the operator.</exception>
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
                throw new FoveaException(ErrorCode.BadModelFile, $"Node {name} ({op}) has the attribute {key} twice.");
            }
        }

        var node = new Node(op, domain, name, inputs.ToArray(), given) { OutputCount = Math.Max(1, outputs.Length) };
        var inferred = ShapeRules.Infer(node);
        node.Outputs = outputs.IsEmpty
            ? [.. inferred.Select((output, i) => NewValue(i == 0 ? name : $"{name}:{i}", output.Type, output.Shape))]
            : [.. outputs.ToArray().Select((output, i) => NewValue(output, inferred.ElementAtOrDefault(i).Type, inferred.ElementAtOrDefault(i).Shape))];
        foreach (var output in node.Outputs)
        {
            output.Producer = node;
        }

        node.Output.Elements = PartialValues.Evaluate(node);

        Nodes.Add(node);
        return node;
    }

    /// <summary>
    /// Adds this graph's nodes to another graph, with other values in place of some of its own; initializers that
    /// <paramref name="replaced"/> does not name are taken along. Shapes are inferred anew, so a free batch becomes the one
    /// given. What stands for each value is added to <paramref name="replaced"/>.
    /// </summary>
    /// <param name="target">The graph that is added to.</param>
    /// <param name="replaced">What stands for each value.</param>
    /// <param name="instead">Emits other operators for a node, given its inputs in the target, and gives what stands for its outputs; null: the node is copied.</param>
    public void CopyTo(Graph target, IDictionary<Value, Value> replaced, Func<Node, Value?[], IReadOnlyList<Value>?>? instead = null)
    {
        // A name that is made up on the way must not be one that is still to come.
        target.reserved.UnionWith(names);
        foreach (var (value, tensor) in Initializers.Where(i => !replaced.ContainsKey(i.Key)))
        {
            replaced.Add(value, target.Initializer(value.Name, tensor));
        }

        foreach (var node in Nodes)
        {
            Value?[] inputs = [.. node.Inputs.Select(input => input is null ? null : replaced[input])];
            target.Scope = $"{node.Name}/";
            foreach (var (from, to) in node.Outputs.Zip(instead?.Invoke(node, inputs) ?? Copied(target, node, inputs)))
            {
                replaced.Add(from, to);
            }
        }

        target.Scope = "";
    }

    private static IReadOnlyList<Value> Copied(Graph target, Node node, Value?[] inputs)
    {
        var copy = target.Add(node.Op, inputs, [.. node.Attributes.Select(a => (a.Key, a.Value))], node.Name, node.Domain, [.. node.Outputs.Select(o => o.Name)]);
        foreach (var (from, to) in node.Outputs.Zip(copy.Outputs))
        {
            to.Type = to.Type == ElementType.Unknown ? from.Type : to.Type;
        }

        return copy.Outputs;
    }

    /// <summary>This graph for images of one size, where it takes any; otherwise itself.</summary>
    /// <param name="image">[C, H, W]; null where none is known.</param>
    public Graph ForImages(Shape? image)
    {
        if (image is not { IsKnown: true, Rank: 3 } size || Inputs is not [{ Shape: { Rank: 4 } free } input] || free.Dimensions[1..].All(d => d != Shape.Free))
        {
            return this;
        }

        var sized = Blank();
        var dimensions = free.Dimensions.Select((d, axis) => axis > 0 && d == Shape.Free ? size[axis - 1] : d);
        var replaced = new Dictionary<Value, Value> { [input] = sized.Input(input.Name, input.Type, new Shape([.. dimensions])) };
        CopyTo(sized, replaced);
        foreach (var output in Outputs)
        {
            sized.Output(replaced[output]);
        }

        return sized;
    }

    /// <summary>An empty graph of the same name, operator sets and metadata.</summary>
    internal Graph Blank()
    {
        var blank = new Graph(Name);
        foreach (var (domain, version) in OperatorSets)
        {
            blank.OperatorSets[domain] = version;
        }

        foreach (var (key, value) in Metadata)
        {
            blank.Metadata[key] = value;
        }

        return blank;
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

    private Value NewValue(string name, ElementType type, Shape shape) => names.Add(name) || name.Length == 0
        ? new Value(this, name, type, shape)
        : throw new FoveaException(ErrorCode.BadModelFile, $"The name {name} stands for two values of graph {Name}; expected each value to be computed once.");

    /// <summary>A name that no value has yet.</summary>
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
