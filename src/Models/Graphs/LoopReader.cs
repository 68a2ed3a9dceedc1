using Fovea.Models.Errors;
using Fovea.Models.Onnx;

namespace Fovea.Models.Graphs;

// Loop(count, condition, state...) -> (state..., collected...). Its body maps (index, condition, state...) to (condition, state...,
// collected...). The values that a repetition collects are stacked along a new first axis.

/// <summary>Replaces a Loop by the nodes of its repetitions, whose number must be known before the graph runs.</summary>
/// <param name="nodes">Adds the nodes of the body.</param>
/// <param name="graph">The graph that receives the nodes.</param>
internal sealed class LoopReader(NodeReader nodes, Graph graph)
{
    /// <summary>Adds the nodes that replace a Loop.</summary>
    /// <param name="node">The Loop.</param>
    /// <param name="declared">The declarations of the graph that the Loop is from.</param>
    /// <param name="scope">The values that the Loop can use; receives its outputs.</param>
    /// <exception cref="FoveaException">The body does not fit the node, or the number of repetitions depends on the image.</exception>
    public void Add(NodeProto node, ILookup<string, TypeProto> declared, NodeScope scope)
    {
        var name = NodeReader.NameOf(node);
        int states = node.Input.Count - 2;
        var body = BodyOf(node, states);
        var shared = nodes.AddShared(node, body, scope);
        string[] state = [.. node.Input.Skip(2)];
        var collected = body.Output.Skip(states + 1).Select(_ => new List<Value>()).ToArray();
        var last = scope;
        var (condition, remaining) = (node.Input[1], Count(node, scope));
        int count = 0;
        for (; count < remaining && Holds(condition, last, name); count++)
        {
            last = nodes.Repeat(body, shared, count, inside => Enter(body, state, last, inside, count));
            condition = body.Output[0].Name;
            state = [.. body.Output.Skip(1).Take(states).Select(output => output.Name)];
            for (int i = 0; i < collected.Length; i++)
            {
                collected[i].Add(last[body.Output[states + 1 + i].Name]);
            }
        }

        for (int i = 0; i < node.Output.Count; i++)
        {
            if (i < states)
            {
                nodes.Publish(last, state[i], scope, node.Output[i]);
            }
            else if (node.Output[i].Length > 0)
            {
                scope[node.Output[i]] = TensorLists.Stack(graph, collected[i - states], 0, name, scope.Prefix + node.Output[i]);
            }

            if (scope.Find(node.Output[i]) is { } output)
            {
                NodeReader.Declare(output, declared[node.Output[i]].LastOrDefault());
            }
        }

        nodes.SayReplaced(node, count);
    }

    private static GraphProto BodyOf(NodeProto node, int states) =>
        NodeReader.GraphOf(node, "body") is { } body && states >= 0 && body.Input.Count == states + 2 && body.Output.Count >= states + 1
        && node.Output.Count <= body.Output.Count - 1 && node.Output.Any(output => output.Length > 0)
            ? body
            : throw new FoveaException(
                ErrorCode.BadModelFile,
                $"the node {NodeReader.NameOf(node)} (Loop) has a body whose inputs and outputs do not fit the node's.");

    // Gives a repetition of a loop its index, its condition, and the state that the repetition before it computed.
    private void Enter(GraphProto body, string[] state, NodeScope before, NodeScope inside, int repetition)
    {
        var index = new Tensor(ElementType.Int64, Shape.Scalar, BitConverter.GetBytes((long)repetition));
        inside[body.Input[0].Name] = graph.Initializer($"{inside.Prefix}index", index);
        inside[body.Input[1].Name] = graph.Initializer(
            $"{inside.Prefix}condition", new Tensor(ElementType.Bool, Shape.Scalar, new byte[] { 1 }));
        foreach (var (formal, actual) in body.Input.Skip(2).Zip(state))
        {
            inside.Bind(formal.Name, before, actual);
        }
    }

    // The number of repetitions of a Loop, from its first input.
    private static long Count(NodeProto node, NodeScope scope) =>
        node.Input[0].Length == 0 ? long.MaxValue
        : PartialValues.Of(scope[node.Input[0]]) is [{ } count] ? count
        : throw new FoveaException(
            ErrorCode.BadModelFile,
            $"the node {NodeReader.NameOf(node)} (Loop) repeats as often as {node.Input[0]} says, which depends on the image; expected a "
            + "constant number of repetitions.");

    private static bool Holds(string condition, NodeScope scope, string loop) =>
        condition.Length == 0 ? true
        : PartialValues.Of(scope[condition]) is [{ } holds] ? holds != 0
        : throw new FoveaException(
            ErrorCode.BadModelFile,
            $"the node {loop} (Loop) ends when {condition} is false, which depends on the image; expected a constant number of "
            + "repetitions.");
}
