using Fovea.Models.Errors;
using Fovea.Models.Onnx;

namespace Fovea.Models.Graphs;

/// <summary>
/// Replaces a SequenceMap by the nodes of its repetitions, one for each tensor of a list: its body maps one element of each list, and the
/// same tensors each time, to one element of each list that comes out.
/// </summary>
/// <param name="nodes">Adds the nodes of the body.</param>
internal sealed class SequenceMapReader(NodeReader nodes)
{
    /// <summary>Adds the nodes that replace a SequenceMap.</summary>
    /// <param name="node">The SequenceMap.</param>
    /// <param name="scope">The values that the node can use; receives its lists.</param>
    /// <exception cref="FoveaException">The body does not fit the node, or the lists differ in length.</exception>
    public void Add(NodeProto node, NodeScope scope)
    {
        var lists = node.Input.Select(scope.ListOf).ToArray();
        if (NodeReader.GraphOf(node, "body") is not { } body || lists.FirstOrDefault() is not { } first || body.Input.Count != lists.Length
            || node.Output.Count != body.Output.Count || node.Output.All(output => output.Length == 0)
            || lists.OfType<IReadOnlyList<Value>>().Any(list => list.Count < first.Count))
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"the node {NodeReader.NameOf(node)} ({node.OpType}) has a body or lists that do not fit each other.");
        }

        var shared = nodes.AddShared(node, body, scope);
        NodeScope[] repetitions =
        [
            .. first.Select((_, repetition) => nodes.Repeat(body, shared, repetition, inside =>
            {
                foreach (var (i, formal) in body.Input.Index())
                {
                    inside[formal.Name] = lists[i] is { } list ? list[repetition] : scope[node.Input[i]];
                }
            })),
        ];
        foreach (var (inner, outer) in body.Output.Zip(node.Output).Where(pair => pair.Second.Length > 0))
        {
            scope.AddList(outer, [.. repetitions.Select(inside => inside[inner.Name])]);
        }

        nodes.SayReplaced(node, first.Count);
    }
}
