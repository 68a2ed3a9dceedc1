using Fovea.Models.Errors;
using Fovea.Models.Onnx;

namespace Fovea.Models.Graphs;

/// <summary>
/// Adds the nodes of an ONNX file to a graph. A branch that an If node always takes replaces the node. The repetitions of a Loop replace
/// the Loop if their number is known. Operators on lists of tensors (sequences) become operators on tensors.
/// </summary>
/// <param name="graph">The graph that receives the nodes.</param>
/// <param name="tensors">Reads weights and attributes.</param>
internal sealed class NodeReader(Graph graph, TensorReader tensors)
{
    // The limit of nodes after unrolling. Without it, a small file with nested loops could fill the memory. Real networks have hundreds
    // of nodes to a few thousand.
    private const int MostNodes = 20_000;

    private readonly List<string> changes = [];
    private int repetitions;

    /// <summary>A sentence for each Loop that was replaced.</summary>
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
                RequireFewNodes();
            }

            if (node is { OpType: "If", Domain: "" or "ai.onnx" } && KnownBranch(node, scope) is { } branch)
            {
                AddBranch(node, branch, scope);
            }
            else if (node is { OpType: "Loop", Domain: "" or "ai.onnx" })
            {
                AddLoop(node, declared, scope);
            }
            else if (!TensorLists.TryAdd(graph, node, scope))
            {
                AddNode(node, declared, scope);
            }
        }
    }

    // A repetition counts as a node, because a body without nodes adds weights.
    private void RequireFewNodes()
    {
        if (graph.Nodes.Count + repetitions > MostNodes)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile, $"the loops of the file unroll to more than {MostNodes} nodes; expected fewer.");
        }
    }

    private void AddNode(NodeProto node, ILookup<string, TypeProto> declared, NodeScope scope)
    {
        if (node.Attribute.Any(attribute => attribute.G is not null))
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"the node {NameOf(node)} ({node.OpType}) decides at run time which other nodes run; expected a network without "
                + "Scan, and without an If whose condition depends on the image.");
        }

        if (node.Output.Count == 0)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile, $"the node {node.Name} ({node.OpType}) has no output; expected at least one.");
        }

        var added = graph.Add(
            node.OpType,
            [.. node.Input.Select(input => input.Length == 0 ? null : scope[input])],
            [.. node.Attribute.Select(a => (a.Name, tensors.Read(a)))],
            scope.Prefix + NameOf(node),
            node.Domain == "ai.onnx" ? "" : node.Domain,
            [.. node.Output.Select(output => output.Length == 0 ? "" : scope.Prefix + output)]);
        foreach (var (name, output) in node.Output.Zip(added.Outputs).Where(pair => pair.First.Length > 0))
        {
            Declare(output, declared[name].LastOrDefault());
            scope[name] = output;
        }
    }

    // The type and the dimensions that cannot be inferred come from the file's declaration.
    private static void Declare(Value value, TypeProto? declared)
    {
        var (type, shape) = TensorReader.TypeOf(declared);
        value.Type = value.Type == ElementType.Unknown ? type : value.Type;
        value.Shape = Merged(value.Shape, shape);
    }

    // The first dimension is never taken from the declaration: the batch size stays free.
    private static Shape Merged(Shape inferred, Shape declared) => !inferred.IsRanked ? declared
        : inferred.Rank != declared.Rank || inferred.IsKnown ? inferred
        : new Shape([.. inferred.Dimensions.Select((d, axis) => d == Shape.Free && axis > 0 ? declared[axis] : d)]);

    private static string NameOf(NodeProto node) => node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault() ?? "";

    private static GraphProto? GraphOf(NodeProto node, string attribute) => node.Attribute.FirstOrDefault(a => a.Name == attribute)?.G;

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

    // Makes a value of an inner graph available under another name in the graph around it.
    private void Publish(NodeScope inside, string inner, NodeScope scope, string outer)
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

    // Loop(count, condition, state...) -> (state..., collected...). Its body maps (index, condition, state...) to (condition, state...,
    // collected...). The values that a repetition collects are stacked along a new first axis.
    private void AddLoop(NodeProto node, ILookup<string, TypeProto> declared, NodeScope scope)
    {
        var name = NameOf(node);
        var body = GraphOf(node, "body");
        int states = node.Input.Count - 2;
        if (body is null || states < 0 || body.Input.Count != states + 2 || body.Output.Count < states + 1
            || node.Output.Count > body.Output.Count - 1 || node.Output.All(output => output.Length == 0))
        {
            throw new FoveaException(
                ErrorCode.BadModelFile, $"the node {name} (Loop) has a body whose inputs and outputs do not fit the node's.");
        }

        // Names are made from the node's first output, because names of outputs are unique in a file, and names of nodes need not be.
        var place = scope.Prefix + node.Output.First(output => output.Length > 0);

        // The weights and constants of the body are the same in each repetition, so they are added once.
        var shared = new NodeScope(scope, $"{place}/");
        AddWeights(body, shared);
        AddNodes(body.Node.Where(inner => inner.OpType == "Constant"), Declarations(body), shared);
        string[] state = [.. node.Input.Skip(2)];
        var collected = body.Output.Skip(states + 1).Select(_ => new List<Value>()).ToArray();
        var last = scope;
        var (condition, remaining) = (node.Input[1], Count(node, scope));
        int count = 0;
        for (; count < remaining && Holds(condition, last, name); count++)
        {
            repetitions++;
            RequireFewNodes();
            var inside = new NodeScope(shared, $"{place}:{count}/");
            Enter(body, state, last, inside, count);
            AddNodes(body.Node.Where(inner => inner.OpType != "Constant"), Declarations(body), inside);
            (condition, last) = (body.Output[0].Name, inside);
            state = [.. body.Output.Skip(1).Take(states).Select(output => output.Name)];
            for (int i = 0; i < collected.Length; i++)
            {
                collected[i].Add(inside[body.Output[states + 1 + i].Name]);
            }
        }

        for (int i = 0; i < node.Output.Count; i++)
        {
            if (i < states)
            {
                Publish(last, state[i], scope, node.Output[i]);
            }
            else if (node.Output[i].Length > 0)
            {
                scope[node.Output[i]] = TensorLists.Stack(graph, collected[i - states], 0, name, scope.Prefix + node.Output[i]);
            }

            if (scope.Find(node.Output[i]) is { } output)
            {
                Declare(output, declared[node.Output[i]].LastOrDefault());
            }
        }

        changes.Add($"The node {name} (Loop) is replaced by the nodes of its {count} repetitions.");
    }

    // Gives a repetition of a loop its index, its condition, and the state that the repetition before it computed.
    private void Enter(GraphProto body, string[] state, NodeScope before, NodeScope inside, int repetition)
    {
        var index = new Tensor(ElementType.Int64, Shape.Scalar, BitConverter.GetBytes((long)repetition));
        inside[body.Input[0].Name] = graph.Initializer($"{inside.Prefix}index", index);
        inside[body.Input[1].Name] = graph.Initializer(
            $"{inside.Prefix}condition", new Tensor(ElementType.Bool, Shape.Scalar, new byte[] { 1 }));
        foreach (var (formal, actual) in body.Input.Skip(2).Zip(state))
        {
            if (before.ListOf(actual) is { } list)
            {
                inside.AddList(formal.Name, list);
            }
            else
            {
                inside[formal.Name] = before[actual];
            }
        }
    }

    // The number of repetitions of a Loop, from its first input.
    private static long Count(NodeProto node, NodeScope scope) =>
        node.Input[0].Length == 0 ? long.MaxValue
        : PartialValues.Of(scope[node.Input[0]]) is [{ } count] ? count
        : throw new FoveaException(
            ErrorCode.BadModelFile,
            $"the node {NameOf(node)} (Loop) repeats as often as {node.Input[0]} says, which depends on the image; expected a constant "
            + "number of repetitions.");

    private static bool Holds(string condition, NodeScope scope, string loop) =>
        condition.Length == 0 ? true
        : PartialValues.Of(scope[condition]) is [{ } holds] ? holds != 0
        : throw new FoveaException(
            ErrorCode.BadModelFile,
            $"the node {loop} (Loop) ends when {condition} is false, which depends on the image; expected a constant number of "
            + "repetitions.");
}
