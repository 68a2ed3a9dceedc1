using Fovea.Models.Errors;
using Fovea.Models.Onnx;

namespace Fovea.Models.Graphs;

/// <summary>
/// Replaces the operators on lists of tensors (ONNX sequences) by operators on tensors. PyTorch's exporter writes such operators for Python
/// lists. The lengths of all lists must be known before the graph runs.
/// </summary>
internal static class TensorLists
{
    // In operator sets before 13, Squeeze and Unsqueeze have their axes as an attribute.
    private const int SetWithAxesAsInput = 13;

    /// <summary>Adds the nodes that replace an operator on lists. Returns false, and adds nothing, for other operators.</summary>
    /// <param name="graph">The graph that receives the nodes.</param>
    /// <param name="node">The node of the file.</param>
    /// <param name="scope">The values that the node can use; receives its output.</param>
    /// <exception cref="FoveaException">The position of an element is unknown or outside the list, or the list is empty.</exception>
    public static bool TryAdd(Graph graph, NodeProto node, NodeScope scope)
    {
        if (node.Domain is not ("" or "ai.onnx") || node.Output is not [var output])
        {
            return false;
        }

        var list = node.Input.Count > 0 ? scope.ListOf(node.Input[0]) : null;
        switch (node.OpType)
        {
            case "SequenceEmpty":
                scope.AddList(output, []);
                return true;
            case "SequenceConstruct":
                scope.AddList(output, [.. node.Input.Select(input => scope[input])]);
                return true;
            case "Identity" when list is not null:
                scope.AddList(output, list);
                return true;
            case "SplitToSequence" when node.Input.Count > 0:
                scope.AddList(output, SplitLists.Parts(graph, node, scope));
                return true;
            case "SequenceErase" when list is not null:
                int erased = node.Input.Count > 1 ? Position(node, scope, list.Count, highest: list.Count - 1, input: 1) : list.Count - 1;
                scope.AddList(output, [.. list.Where((_, i) => i != erased)]);
                return true;
            case "SequenceInsert" when list is not null && node.Input.Count > 1:
                int at = node.Input.Count > 2 ? Position(node, scope, list.Count, highest: list.Count) : list.Count;
                scope.AddList(output, [.. list.Take(at), scope[node.Input[1]], .. list.Skip(at)]);
                return true;
            case "SequenceAt" when list is not null && node.Input.Count > 1:
                scope[output] = list[Position(node, scope, list.Count, highest: list.Count - 1, input: 1)];
                return true;
            case "SequenceLength" when list is not null:
                scope[output] = graph.Initializer(
                    scope.Prefix + output, new Tensor(ElementType.Int64, Shape.Scalar, BitConverter.GetBytes((long)list.Count)));
                return true;
            case "ConcatFromSequence" when list is not null:
                scope[output] = Joined(graph, node, list, scope.Prefix + output);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Stacks tensors along a new axis.</summary>
    /// <param name="graph">The graph that receives the nodes.</param>
    /// <param name="tensors">The tensors, of equal shapes.</param>
    /// <param name="axis">The new axis.</param>
    /// <param name="node">The node of the file, for the error message.</param>
    /// <param name="name">The name of the result.</param>
    /// <exception cref="FoveaException">There are no tensors, so the result has no known shape.</exception>
    public static Value Stack(Graph graph, IReadOnlyList<Value> tensors, long axis, string node, string name) => tensors switch
    {
        [] => throw Empty(node),
        [var one] => Unsqueezed(graph, one, axis, name),
        _ => graph.Add(
            "Concat",
            [.. tensors.Select((tensor, i) => Unsqueezed(graph, tensor, axis, $"{name}:{i}"))],
            [("axis", axis)],
            name,
            outputs: name).Output,
    };

    private static Value Joined(Graph graph, NodeProto node, IReadOnlyList<Value> list, string name)
    {
        long axis = node.Attribute.FirstOrDefault(a => a.Name == "axis")?.I ?? 0;
        return node.Attribute.Any(a => a is { Name: "new_axis", I: 1 }) ? Stack(graph, list, axis, node.Name, name)
            : list.Count == 0 ? throw Empty(node.Name)
            : graph.Add("Concat", [.. list], [("axis", axis)], name, outputs: name).Output;
    }

    private static Value Unsqueezed(Graph graph, Value value, long axis, string name) =>
        graph.OperatorSets[""] < SetWithAxesAsInput
            ? graph.Add("Unsqueeze", [value], [("axes", new[] { axis })], name, outputs: name).Output
            : graph.Add("Unsqueeze", [value, graph.Initializer($"{name}:axes", Tensor.Of(axis))], name: name, outputs: name).Output;

    private static int Position(NodeProto node, NodeScope scope, int length, int highest, int input = 2)
    {
        long? position = PartialValues.Of(scope[node.Input[input]]) is [{ } given] ? (given < 0 ? given + length : given) : null;
        var place = position is { } known ? $"{known}" : "that depends on the image";
        return position >= 0 && position <= highest
            ? (int)position
            : throw new FoveaException(
                ErrorCode.BadModelFile,
                $"the node {node.Name} ({node.OpType}) takes position {place} of a list of {length} tensors; expected a constant position "
                + "in the list.");
    }

    private static FoveaException Empty(string node) =>
        new(ErrorCode.BadModelFile, $"the node {node} joins a list of no tensors; expected at least one.");
}
