using Fovea.Models.Errors;
using Fovea.Models.Onnx;

namespace Fovea.Models.Graphs;

// Scan(state..., scanned...) -> (state..., collected...). Its body maps (state..., slice...) to (state..., collected...). A slice is the
// part of a scanned input at one index of its scan axis, without that axis. What the repetitions collect is stacked along a new axis.
// In operator set 8, all inputs and outputs have the batch as their first axis, the body sees one image, and the scan axis is the second.

/// <summary>Replaces a Scan by the nodes of its repetitions. The length of the scan axis must be known before the graph runs.</summary>
/// <param name="nodes">Adds the nodes of the body.</param>
/// <param name="graph">The graph that receives the nodes.</param>
internal sealed class ScanReader(NodeReader nodes, Graph graph)
{
    private const int FirstSetWithAxes = 9;

    private string Directions => graph.OperatorSets[""] < FirstSetWithAxes ? "directions" : "scan_input_directions";

    /// <summary>Adds the nodes that replace a Scan.</summary>
    /// <param name="node">The Scan.</param>
    /// <param name="declared">The declarations of the graph that the Scan is from.</param>
    /// <param name="scope">The values that the Scan can use; receives its outputs.</param>
    /// <exception cref="FoveaException">The body does not fit the node, or the number of repetitions depends on the image.</exception>
    public void Add(NodeProto node, ILookup<string, TypeProto> declared, NodeScope scope)
    {
        bool hasBatch = graph.OperatorSets.TryGetValue("", out long set) && set < FirstSetWithAxes;
        string[] inputs = [.. node.Input.Skip(hasBatch ? 1 : 0)];
        int scanned = (int)(node.Attribute.FirstOrDefault(a => a.Name == "num_scan_inputs")?.I ?? 0), states = inputs.Length - scanned;
        var body = NodeReader.GraphOf(node, "body");
        if (body is null || scanned < 1 || states < 0 || body.Input.Count != inputs.Length || body.Output.Count < states
            || node.Output.Count > body.Output.Count || node.Output.All(output => output.Length == 0) || inputs.Contains("")
            || (hasBatch && node.Input[0].Length > 0))
        {
            throw Misfit(node, "has a body whose inputs and outputs do not fit the node's");
        }

        var values = inputs.Select(input => scope[input]).ToArray();
        var shared = nodes.AddShared(node, body, scope);
        Value[][] outputs = hasBatch
            ? [.. Enumerable.Range(0, Length(node, values[states], 0)).Select(image =>
                Run(node, body, shared, [.. values.Select(value => Part(value, 0, image, shared))], states, image))]
            : [Run(node, body, shared, values, states, image: 0)];
        for (int i = 0; i < node.Output.Count; i++)
        {
            if (node.Output[i] is { Length: > 0 } name)
            {
                scope[name] = hasBatch
                    ? TensorLists.Stack(graph, [.. outputs.Select(of => of[i])], 0, node.Name, scope.Prefix + name)
                    : graph.Add("Identity", [outputs[0][i]], name: scope.Prefix + name, outputs: scope.Prefix + name).Output;
                NodeReader.Declare(scope[name], declared[name].LastOrDefault());
            }
        }
    }

    // Runs over the scan axes once. Returns the last state and the collected values, in the order of the body's outputs.
    private Value[] Run(NodeProto node, GraphProto body, NodeScope shared, Value[] values, int states, int image)
    {
        var axes = values.Skip(states).Select((value, i) => Axis(node, "scan_input_axes", i, Rank(node, value))).ToArray();
        int length = Length(node, values[states], axes[0]);
        if (values.Skip(states).Zip(axes).Any(scanned => Length(node, scanned.First, scanned.Second) != length))
        {
            throw Misfit(node, "scans inputs of different lengths");
        }

        var state = values[..states];
        var collected = body.Output.Skip(states).Select(_ => new List<Value>()).ToArray();
        for (int step = 0; step < length; step++)
        {
            var inside = nodes.Repeat(body, shared, (image * length) + step, scope =>
            {
                for (int i = 0; i < values.Length; i++)
                {
                    scope[body.Input[i].Name] = i < states ? state[i] : Slice(i - states, step, scope);
                }
            });
            state = [.. body.Output.Take(states).Select(output => inside[output.Name])];
            foreach (var (list, output) in collected.Zip(body.Output.Skip(states)))
            {
                list.Add(inside[output.Name]);
            }
        }

        nodes.SayReplaced(node, length);
        return [.. state, .. collected.Select((list, i) => Stacked(list, i))];

        Value Slice(int input, int step, NodeScope scope) => Part(
            values[states + input],
            axes[input],
            IsBackward(node, Directions, input) ? length - 1 - step : step,
            scope);

        Value Stacked(List<Value> list, int output)
        {
            if (IsBackward(node, "scan_output_directions", output))
            {
                list.Reverse();
            }

            // A negative axis of a value with an unknown rank stays negative; Unsqueeze and Concat count it from the end too.
            int axis = list is [{ Shape: { IsRanked: true } shape }, ..]
                ? Axis(node, "scan_output_axes", output, shape.Rank + 1)
                : Given(node, "scan_output_axes", output);
            return TensorLists.Stack(
                graph, list, axis, node.Name, graph.FreeName($"{shared.Prefix}{image}:{output}"));
        }
    }

    // Element number index along an axis, without the axis.
    private Value Part(Value value, int axis, int index, NodeScope scope)
    {
        var name = graph.FreeName($"{scope.Prefix}{value.Name}:{index}");
        var at = graph.Initializer($"{name}:at", new Tensor(ElementType.Int64, Shape.Scalar, BitConverter.GetBytes((long)index)));
        return graph.Add("Gather", [value, at], [("axis", (long)axis)], name, outputs: name).Output;
    }

    private static bool IsBackward(NodeProto node, string attribute, int at) =>
        node.Attribute.FirstOrDefault(a => a.Name == attribute)?.Ints.ElementAtOrDefault(at) == 1;

    private static int Axis(NodeProto node, string attribute, int at, int rank)
    {
        int axis = Given(node, attribute, at);
        axis = axis < 0 ? axis + rank : axis;
        return axis >= 0 && axis < rank ? axis
            : throw Misfit(node, $"names an axis in {attribute} that its tensor, of {rank} axes, does not have");
    }

    private static int Given(NodeProto node, string attribute, int at) =>
        (int)(node.Attribute.FirstOrDefault(a => a.Name == attribute)?.Ints.ElementAtOrDefault(at) ?? 0);

    private static int Rank(NodeProto node, Value value) => value.Shape.IsRanked ? value.Shape.Rank : throw Unknown(node, value);

    private static int Length(NodeProto node, Value scanned, int axis) =>
        scanned.Shape.IsRanked && axis < scanned.Shape.Rank && scanned.Shape[axis] is > 0 and var length
            ? length
            : throw Unknown(node, scanned);

    private static FoveaException Unknown(NodeProto node, Value scanned) => Misfit(
        node,
        $"repeats once for each element of an axis of {scanned.Name} {scanned.Shape}, whose length is not known before the network runs; "
        + "expected a constant length");

    private static FoveaException Misfit(NodeProto node, string what) =>
        new(ErrorCode.BadModelFile, $"the node {NodeReader.NameOf(node)} ({node.OpType}) {what}.");
}
