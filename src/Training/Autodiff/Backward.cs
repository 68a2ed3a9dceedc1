using Fovea.Models;

namespace Fovea.Training;

/// <summary>Reverse-mode differentiation: one walk over a graph, from its loss back to what is learnt.</summary>
internal static class Backward
{
    /// <summary>
    /// Adds to the loss's graph the nodes that compute dL/dV for each of <paramref name="variables"/>, and gives those gradients in their
    /// order. All shapes must be known.
    /// </summary>
    /// <exception cref="FoveaException">An operator on the way has no rule, or the loss does not depend on a variable.</exception>
    public static IReadOnlyList<Value> From(Value loss, IReadOnlyList<Value> variables)
    {
        var g = loss.Graph;
        var learning = DependingOn(g, variables);
        var gradients = new Dictionary<Value, Value> { [loss] = g.Constant(Tensor.Drawn(loss.Shape, ones => ones.Fill(1))) };

        foreach (var node in g.Nodes.Reverse().ToArray())
        {
            if (!node.Outputs.Any(output => learning.Contains(output) && gradients.ContainsKey(output)))
            {
                continue;
            }

            g.Scope = $"{node.Name}/gradient/";
            foreach (var (input, dX) in node.Inputs.Zip(OfInputs(g, node, gradients)))
            {
                if (input is not null && dX is not null && learning.Contains(input))
                {
                    var summed = WithoutBroadcast(g, dX, input.Shape);
                    gradients[input] = gradients.TryGetValue(input, out var other) ? other + summed : summed;
                }
            }
        }

        g.Scope = "";
        return [.. variables.Select(v => gradients.GetValueOrDefault(v) ?? throw new FoveaException(ErrorCode.BadModelFile, $"The loss does not depend on {v.Name}, so it cannot be learnt."))];
    }

    private static HashSet<Value> DependingOn(Graph g, IReadOnlyList<Value> variables)
    {
        var depending = variables.ToHashSet();
        foreach (var node in g.Nodes.Where(node => node.Inputs.Any(input => input is not null && depending.Contains(input))))
        {
            depending.UnionWith(node.Outputs);
        }

        return depending;
    }

    private static Value?[] OfInputs(Graph g, Node node, Dictionary<Value, Value> gradients)
    {
        if (node.Domain.Length == 0 && GradientRules.OfOutputsByOp.TryGetValue(node.Op, out var ofOutputs))
        {
            return ofOutputs(g, node, [.. node.Outputs.Select(y => gradients.GetValueOrDefault(y) ?? g.Constant(Tensor.Drawn(y.Shape, zeros => zeros.Clear())))]);
        }

        return node.Domain.Length == 0 && GradientRules.ByOp.TryGetValue(node.Op, out var rule) && gradients.TryGetValue(node.Output, out var dY)
            ? rule(g, node, dY)
            : throw new FoveaException(ErrorCode.BadModelFile, $"Node {node.Name} ({node.Op}) cannot be trained: there is no gradient rule for {node.Op}. " +
                "Fine-tune with --method head, which needs no gradient through it.");
    }

    // What was stretched on the way forward is summed on the way back.
    private static Value WithoutBroadcast(Graph g, Value dX, Shape shape)
    {
        if (dX.Shape == shape)
        {
            return dX;
        }

        int added = dX.Shape.Rank - shape.Rank;
        int[] stretched = [.. Enumerable.Range(0, dX.Shape.Rank).Where(axis => axis < added || (shape[axis - added] == 1 && dX.Shape[axis] != 1))];
        return g.Reshape(g.ReduceSum(dX, stretched), shape);
    }
}
