using Fovea.Models.Errors;
using Fovea.Models.Onnx;

namespace Fovea.Models.Graphs;

/// <summary>
/// Cuts a tensor into a list, as SplitToSequence does. PyTorch's exporter writes this operator for <c>split</c>, <c>chunk</c> and
/// <c>unbind</c>.
/// </summary>
internal static class SplitLists
{
    // Cutting a longer axis would add more nodes than a real network has.
    private const int MostParts = 4096;

    /// <summary>Adds the nodes that cut the tensor, and returns the parts.</summary>
    /// <param name="graph">The graph that receives the nodes.</param>
    /// <param name="node">The node of the file.</param>
    /// <param name="scope">The values that the node can use.</param>
    /// <exception cref="FoveaException">The length of the axis or of the parts is unknown, or they do not fit each other.</exception>
    public static IReadOnlyList<Value> Parts(Graph graph, NodeProto node, NodeScope scope)
    {
        var x = scope[node.Input[0]];
        long given = node.Attribute.FirstOrDefault(a => a.Name == "axis")?.I ?? 0;
        int rank = x.Shape.IsRanked ? x.Shape.Rank : 0;
        int axis = (int)(given < 0 ? given + rank : given);
        int length = axis >= 0 && axis < rank ? x.Shape[axis] : Shape.Free;
        bool isSized = node.Input.Count > 1 && node.Input[1].Length > 0;
        var lengths = length is Shape.Free or > MostParts ? null
            : isSized ? Lengths(scope[node.Input[1]], length)
            : [.. Enumerable.Repeat(1, length)];
        if (lengths is null || lengths.Sum(part => (long)part) != length)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"the node {NodeReader.NameOf(node)} ({node.OpType}) cuts axis {given} of {node.Input[0]} {x.Shape} into parts whose "
                + "number or lengths are not known before the network runs; expected an axis "
                + $"of at most {MostParts} elements and constant lengths that add up to it.");
        }

        // Without lengths, each part has one element; its axis can be left out.
        bool isElement = !isSized && node.Attribute.Any(a => a is { Name: "keepdims", I: 0 });
        var name = scope.Prefix + node.Output[0];
        var parts = new List<Value>(lengths.Length);
        long start = 0;
        foreach (int part in lengths)
        {
            parts.Add(isElement ? Element(graph, x, axis, start, $"{name}:{parts.Count}")
                : Slice(graph, x, axis, (start, start + part), $"{name}:{parts.Count}"));
            start += part;
        }

        return parts;
    }

    // A scalar is the length of all parts but the last, which may be shorter. A vector has the length of each part.
    private static int[]? Lengths(Value split, int length) => PartialValues.Of(split) switch
    {
        [{ } each] when split.Shape.Rank == 0 && each > 0 =>
            [.. Enumerable.Range(0, (int)((length + each - 1) / each)).Select(i => (int)Math.Min(each, length - (i * each)))],
        { } all when split.Shape.Rank == 1 && all.All(part => part is > 0 and <= int.MaxValue) => [.. all.Select(part => (int)part!.Value)],
        _ => null,
    };

    private static Value Element(Graph graph, Value x, int axis, long index, string name) =>
        graph.Add("Gather", [x, Scalar(graph, name, index)], [("axis", (long)axis)], name, outputs: name).Output;

    private static Value Slice(Graph graph, Value x, int axis, (long Start, long End) range, string name) => graph.Add(
        "Slice",
        [x, Vector(graph, $"{name}:start", range.Start), Vector(graph, $"{name}:end", range.End), Vector(graph, $"{name}:axis", axis)],
        name: name,
        outputs: name).Output;

    private static Value Vector(Graph graph, string name, long value) => graph.Initializer(name, Tensor.Of(value));

    private static Value Scalar(Graph graph, string name, long value) =>
        graph.Initializer($"{name}:at", new Tensor(ElementType.Int64, Shape.Scalar, BitConverter.GetBytes(value)));
}
