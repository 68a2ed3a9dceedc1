using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// Copies a graph's metadata, operator sets, and the nodes that its outputs depend on, to a new graph. On the way it can rename values,
/// convert constants and replace nodes. The passes of adoption change a graph by such a copy.
/// </summary>
internal sealed class GraphCopy
{
    private readonly Graph source;
    private readonly Dictionary<Value, Value> values = [];
    private readonly HashSet<Value> needed;

    /// <summary>Begins a copy of a graph; the copy is empty at first.</summary>
    /// <param name="source">The graph, which is not changed.</param>
    public GraphCopy(Graph source)
    {
        this.source = source;
        Target = source.EmptyCopy();
        needed = [.. source.Outputs];
        foreach (var node in source.Nodes.Reverse().Where(node => node.Outputs.Any(needed.Contains)))
        {
            needed.UnionWith(node.Inputs.OfType<Value>());
        }

        var all = source.Nodes.SelectMany(node => node.Outputs).Concat(source.Inputs).Concat(source.Initializers.Keys);
        Target.Reserve(all.Select(value => value.Name));
    }

    /// <summary>The copy of the graph.</summary>
    public Graph Target { get; }

    /// <summary>Chooses the name of a value in the copy. Default: the name in the source.</summary>
    public Func<Value, string> Rename { get; init; } = value => value.Name;

    /// <summary>Converts a constant. Default: the constant stays as it is.</summary>
    public Func<Tensor, Tensor> Convert { get; init; } = tensor => tensor;

    /// <summary>The value in the copy that replaces a value of the source.</summary>
    public Value this[Value original]
    {
        get => values[original];
        set => values[original] = value;
    }

    /// <summary>Copies the inputs that an output depends on, except inputs that the caller already replaced.</summary>
    public void CopyInputs()
    {
        foreach (var input in source.Inputs.Where(input => needed.Contains(input) && !values.ContainsKey(input)))
        {
            values[input] = Target.Input(Rename(input), input.Type, input.Shape);
        }
    }

    /// <summary>Copies constants and nodes.</summary>
    /// <param name="rewrite">
    /// Replaces a node by other operators: receives the node and its inputs in the copy, and returns the values that replace the node's
    /// outputs, or <c>null</c> to copy the node.
    /// </param>
    public void CopyNodes(Func<Node, Value?[], IReadOnlyList<Value>?>? rewrite = null)
    {
        foreach (var (value, tensor) in source.Initializers.Where(i => needed.Contains(i.Key) && !values.ContainsKey(i.Key)))
        {
            values[value] = Target.Initializer(Rename(value), Convert(tensor));
        }

        foreach (var (value, texts) in source.Texts.Where(t => needed.Contains(t.Key)))
        {
            values[value] = Target.TextConstant(Rename(value), value.Shape, texts);
        }

        foreach (var node in source.Nodes.Where(node => node.Outputs.Any(output => output.Name.Length > 0 && needed.Contains(output))))
        {
            Value?[] inputs = [.. node.Inputs.Select(input => input is null ? null : values[input])];
            Target.Scope = $"{node.Name}/";
            foreach (var (from, to) in node.Outputs.Zip(rewrite?.Invoke(node, inputs) ?? Copied(node, inputs)))
            {
                values[from] = to;
            }
        }

        Target.Scope = "";
    }

    /// <summary>Sets the outputs of the copy and removes nodes that no output needs.</summary>
    /// <param name="outputs">The outputs, values of the copy; <c>null</c> or none for the copies of the source's outputs.</param>
    public Graph Finish(params IReadOnlyList<Value>? outputs)
    {
        foreach (var output in outputs is null or [] ? source.Outputs.Select(output => values[output]) : outputs)
        {
            Target.Output(output);
        }

        Target.Prune();
        return Target;
    }

    /// <summary>Copies a node with other inputs, attributes or number of outputs.</summary>
    /// <param name="node">The node of the source.</param>
    /// <param name="inputs">The inputs in the copy.</param>
    /// <param name="without">Attributes that are left out.</param>
    /// <param name="outputs">The number of outputs that are kept; <c>null</c> for all.</param>
    /// <param name="with">Attributes that are added.</param>
    public IReadOnlyList<Value> Copied(
        Node node, Value?[] inputs, string[]? without = null, int? outputs = null, params (string Name, object Value)[] with)
    {
        string[] names = [.. node.Outputs.Take(outputs ?? node.Outputs.Count).Select(Rename)];
        (string, object)[] attributes =
        [
            .. node.Attributes.Where(a => without?.Contains(a.Key) != true).Select(a =>
                (a.Key, a.Value is Tensor t ? Convert(t) : a.Value)),
            .. with,
        ];
        var copy = Target.Add(node.Op, inputs, attributes, node.Name, node.Domain, names);
        foreach (var (from, to) in node.Outputs.Zip(copy.Outputs))
        {
            to.Type = to.Type == ElementType.Unknown ? from.Type : to.Type;
            to.Shape = to.Shape.IsRanked || !from.Shape.IsRanked ? to.Shape : BatchLeftOpen(from.Shape);
        }

        return copy.Outputs;
    }

    // A shape that the file declares may hold for one batch size only.
    private static Shape BatchLeftOpen(Shape shape) => shape.Rank == 0 ? shape : shape.With(0, Shape.Free);
}
