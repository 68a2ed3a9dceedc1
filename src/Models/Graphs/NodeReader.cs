using Fovea.Models.Errors;
using Fovea.Models.Onnx;

namespace Fovea.Models.Graphs;

/// <summary>
/// Adds the nodes of an ONNX file to a graph. A branch that an If node always takes replaces the node. The repetitions of a Loop, Scan or
/// SequenceMap replace the node if their number is known. Operators on lists of tensors (sequences) become operators on tensors.
/// </summary>
internal sealed class NodeReader
{
    // The limit of nodes after unrolling. Without it, a small file with nested loops or with lists could fill the memory. Real networks
    // have hundreds of nodes to a few thousand.
    private const int MostNodes = 20_000;

    private readonly Graph graph;
    private readonly TensorReader tensors;
    private readonly LoopReader loops;
    private readonly ScanReader scans;
    private readonly SequenceMapReader maps;
    private readonly List<string> changes = [];
    private int repetitions, ofLists;

    /// <summary>Makes a reader.</summary>
    /// <param name="graph">The graph that receives the nodes.</param>
    /// <param name="tensors">Reads weights and attributes.</param>
    public NodeReader(Graph graph, TensorReader tensors)
    {
        (this.graph, this.tensors) = (graph, tensors);
        (loops, scans, maps) = (new(this, graph), new(this, graph), new(this));
    }

    /// <summary>A sentence for each Loop, Scan and SequenceMap that was replaced.</summary>
    public IReadOnlyList<string> Changes => changes;

    /// <summary>The types and shapes that a graph of the file declares, by value.</summary>
    public static ILookup<string, TypeProto> Declarations(GraphProto file) =>
        file.ValueInfo.Concat(file.Output).ToLookup(value => value.Name, value => value.Type);

    /// <summary>Adds the weights of a graph of the file.</summary>
    /// <exception cref="FoveaException">A tensor is damaged.</exception>
    public void AddWeights(GraphProto file, NodeScope scope)
    {
        foreach (var tensor in file.Initializer)
        {
            var (name, shape) = (scope.Prefix + tensor.Name, TensorReader.Dimensions(tensor));
            scope[tensor.Name] = tensor.DataType == (int)ElementType.Text && tensor.StringData.Count == shape.Size
                ? graph.TextConstant(name, shape, [.. tensor.StringData.Select(text => text.ToStringUtf8())])
                : graph.Initializer(name, tensors.Read(tensor));
        }

        foreach (var tensor in file.SparseInitializer.Where(tensor => tensor.Values is not null))
        {
            scope[tensor.Values.Name] = graph.Initializer(scope.Prefix + tensor.Values.Name, tensors.Read(tensor));
        }
    }

    /// <summary>Adds nodes in their order in the file.</summary>
    /// <param name="nodes">The nodes; each comes after the nodes that compute its inputs.</param>
    /// <param name="declared">The declarations of the graph that the nodes are from.</param>
    /// <param name="scope">The values that the nodes can use; receives the nodes' outputs.</param>
    /// <exception cref="FoveaException">A node is invalid, or decides at run time which other nodes run.</exception>
    public void AddNodes(IEnumerable<NodeProto> nodes, ILookup<string, TypeProto> declared, NodeScope scope)
    {
        foreach (var node in nodes)
        {
            if (scope.Prefix.Length > 0)
            {
                RequireFewNodes(graph.Nodes.Count);
            }

            int before = graph.Nodes.Count;
            if (IsOwn(node, "If") && KnownBranch(node, scope) is { } branch)
            {
                AddBranch(node, branch, scope);
            }
            else if (IsOwn(node, "Loop"))
            {
                loops.Add(node, declared, scope);
            }
            else if (IsOwn(node, "Scan"))
            {
                scans.Add(node, declared, scope);
            }
            else if (IsOwn(node, "SequenceMap"))
            {
                maps.Add(node, scope);
            }
            else if (TensorLists.TryAdd(graph, node, scope))
            {
                ofLists += graph.Nodes.Count - before;
                RequireFewNodes(ofLists);
            }
            else
            {
                AddNode(node, declared, scope);
            }
        }
    }

    private static bool IsOwn(NodeProto node, string op) => node.OpType == op && node.Domain is ("" or "ai.onnx");

    // A repetition counts as a node, because a body without nodes adds weights.
    private void RequireFewNodes(int nodes)
    {
        if (nodes + repetitions > MostNodes)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile, $"the loops and lists of the file unroll to more than {MostNodes} nodes; expected fewer.");
        }
    }

    private void AddNode(NodeProto node, ILookup<string, TypeProto> declared, NodeScope scope)
    {
        if (node.Attribute.Any(attribute => attribute.G is not null))
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"the node {NameOf(node)} ({node.OpType}) decides at run time which other nodes run; expected a network without "
                + "an If whose condition depends on the image.");
        }

        if (node.Output.Count == 0)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile, $"the node {node.Name} ({node.OpType}) has no output; expected at least one.");
        }

        var added = graph.Add(
            node.OpType,
            [.. node.Input.Select(input => input.Length == 0 ? null : scope[input])],
            [.. node.Attribute.Select(a => (a.Name == "sparse_value" ? "value" : a.Name, tensors.Read(a)))],
            scope.Prefix + NameOf(node),
            node.Domain == "ai.onnx" ? "" : node.Domain,
            [.. node.Output.Select(output => output.Length == 0 ? "" : scope.Prefix + output)]);
        foreach (var (name, output) in node.Output.Zip(added.Outputs).Where(pair => pair.First.Length > 0))
        {
            Declare(output, declared[name].LastOrDefault());
            scope[name] = output;
        }
    }

    /// <summary>Gives a value the type and the dimensions that cannot be inferred, from the file's declaration.</summary>
    public static void Declare(Value value, TypeProto? declared)
    {
        var (type, shape) = TensorReader.TypeOf(declared);
        value.Type = value.Type == ElementType.Unknown ? type : value.Type;
        value.Shape = Merged(value.Shape, shape);
    }

    // The first dimension is never taken from the declaration: the batch size stays free.
    private static Shape Merged(Shape inferred, Shape declared) => !inferred.IsRanked ? declared
        : inferred.Rank != declared.Rank || inferred.IsKnown ? inferred
        : new Shape([.. inferred.Dimensions.Select((d, axis) => d == Shape.Free && axis > 0 ? declared[axis] : d)]);

    /// <summary>The node's name; for a node without one, its first output's name.</summary>
    public static string NameOf(NodeProto node) => node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault() ?? "";

    /// <summary>The graph that a node carries as an attribute; <c>null</c> if there is none.</summary>
    public static GraphProto? GraphOf(NodeProto node, string attribute) => node.Attribute.FirstOrDefault(a => a.Name == attribute)?.G;

    /// <summary>Adds what is the same in each repetition of a body: its weights and constants.</summary>
    /// <param name="node">The node whose body is repeated.</param>
    /// <param name="body">The body.</param>
    /// <param name="scope">The scope of the node.</param>
    /// <returns>The scope that the scopes of the repetitions lie in.</returns>
    public NodeScope AddShared(NodeProto node, GraphProto body, NodeScope scope)
    {
        // Names are made from the node's first output, because names of outputs are unique in a file, and names of nodes need not be.
        var shared = new NodeScope(scope, $"{scope.Prefix}{node.Output.First(output => output.Length > 0)}/");
        AddWeights(body, shared);
        AddNodes(body.Node.Where(inner => inner.OpType == "Constant"), Declarations(body), shared);
        return shared;
    }

    /// <summary>Adds the nodes of one repetition of a body. Each repetition counts as a node, because a body without nodes adds
    /// weights.</summary>
    /// <param name="body">The body.</param>
    /// <param name="shared">The scope that <see cref="AddShared"/> returned.</param>
    /// <param name="repetition">The number of the repetition, from 0.</param>
    /// <param name="enter">Adds the body's inputs to the scope of the repetition.</param>
    /// <returns>The scope of the repetition, with the body's outputs.</returns>
    /// <exception cref="FoveaException">The file unrolls to more than 20,000 nodes.</exception>
    public NodeScope Repeat(GraphProto body, NodeScope shared, int repetition, Action<NodeScope> enter)
    {
        repetitions++;
        RequireFewNodes(graph.Nodes.Count);
        var inside = new NodeScope(shared, $"{shared.Prefix[..^1]}:{repetition}/");
        enter(inside);
        AddNodes(body.Node.Where(inner => inner.OpType != "Constant"), Declarations(body), inside);
        return inside;
    }

    /// <summary>Adds the sentence that a node was replaced by its repetitions.</summary>
    public void SayReplaced(NodeProto node, int count) =>
        changes.Add($"The node {NameOf(node)} ({node.OpType}) is replaced by the nodes of its {count} repetitions.");

    // The branch that an If node always takes, if its condition depends only on shapes and constants; null otherwise.
    private static GraphProto? KnownBranch(NodeProto node, NodeScope scope) =>
        node.Input is [var name] && scope.Find(name) is { } condition && PartialValues.Of(condition) is [{ } holds]
            ? GraphOf(node, holds != 0 ? "then_branch" : "else_branch")
            : null;

    private void AddBranch(NodeProto node, GraphProto branch, NodeScope scope)
    {
        var inside = new NodeScope(scope, scope.Prefix);
        AddWeights(branch, inside);
        AddNodes(branch.Node, Declarations(branch), inside);
        foreach (var (inner, outer) in branch.Output.Zip(node.Output))
        {
            Publish(inside, inner.Name, scope, outer);
        }
    }

    /// <summary>Makes a value of an inner graph available under another name in the graph around it.</summary>
    public void Publish(NodeScope inside, string inner, NodeScope scope, string outer)
    {
        if (inside.ListOf(inner) is { } list)
        {
            scope.AddList(outer, list);
        }
        else if (outer.Length > 0)
        {
            var name = scope.Prefix + outer;
            scope[outer] = graph.Add("Identity", [inside[inner]], name: name, outputs: name).Output;
        }
    }
}
