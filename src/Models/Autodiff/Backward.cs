using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Autodiff;

// For a node y = f(x0, x1, ...) and the loss L: dL/dxi = sum over the nodes that read xi of (dL/dy)(dy/dxi).
// The nodes are visited in reverse order, so dL/dy is complete before the gradient rule of y's node uses it.

/// <summary>Reverse-mode differentiation: one walk over a graph, from its loss back to its parameters.</summary>
public static class Backward
{
    /// <summary>Adds the nodes that compute the gradients dL/dV to the loss's graph.</summary>
    /// <param name="loss">The loss. The shapes of all values on which it depends must be known.</param>
    /// <param name="variables">The values V to differentiate by.</param>
    /// <returns>One gradient per variable, in the order of the variables and with the variable's shape.</returns>
    /// <exception cref="FoveaException">
    /// An operator between the loss and a variable has no gradient rule, or the node's number of inputs does not match the rule, or the
    /// loss does not depend on a variable.
    /// </exception>
    public static IReadOnlyList<Value> From(Value loss, IReadOnlyList<Value> variables)
    {
        var g = loss.Graph;
        var dependent = DependingOn(g, variables);
        var gradients = new Dictionary<Value, Value> { [loss] = g.Constant(Tensor.Drawn(loss.Shape, ones => ones.Fill(1))) };

        foreach (var node in g.Nodes.Reverse().ToArray())
        {
            if (!node.Outputs.Any(output => dependent.Contains(output) && gradients.ContainsKey(output)))
            {
                continue;
            }

            g.Scope = $"{node.Name}/gradient/";
            foreach (var (input, dX) in node.Inputs.Zip(InputGradients(g, node, gradients)))
            {
                if (input is not null && dX is not null && dependent.Contains(input))
                {
                    var summed = WithoutBroadcast(g, dX, input.Shape);
                    gradients[input] = gradients.TryGetValue(input, out var other) ? other + summed : summed;
                }
            }
        }

        g.Scope = "";
        return [.. variables.Select(v => gradients.GetValueOrDefault(v) ?? throw Independent(v))];
    }

    private static FoveaException Independent(Value variable) =>
        new(ErrorCode.BadModelFile, $"The loss does not depend on {variable.Name}, so training cannot change {variable.Name}.");

    private static HashSet<Value> DependingOn(Graph g, IReadOnlyList<Value> variables)
    {
        var depending = variables.ToHashSet();
        foreach (var node in g.Nodes.Where(node => node.Inputs.Any(input => input is not null && depending.Contains(input))))
        {
            depending.UnionWith(node.Outputs);
        }

        return depending;
    }

    // The gradients of a node's inputs. If the rule returns more or fewer gradients than the node has inputs, the rule does not fit the
    // node, and its gradients would be wrong.
    private static Value?[] InputGradients(Graph g, Node node, Dictionary<Value, Value> gradients)
    {
        var result = ApplyRule(g, node, gradients);
        return result.Length == node.Inputs.Count ? result : throw new FoveaException(
            ErrorCode.BadModelFile,
            $"Node {node.Name} ({node.Op}) cannot be trained: its number of inputs is {node.Inputs.Count}; "
            + $"expected {result.Length}, as in the gradient rule for {node.Op}.");
    }

    private static Value?[] ApplyRule(Graph g, Node node, Dictionary<Value, Value> gradients)
    {
        var row = OperatorTable.Find(node);
        if (row?.GradientOfOutputs is { } ruleOfOutputs)
        {
            return ruleOfOutputs(g, node, [.. node.Outputs.Select(y => gradients.GetValueOrDefault(y) ?? Zeros(g, y.Shape))]);
        }

        return row?.Gradient is { } rule && gradients.TryGetValue(node.Output, out var dY)
            ? rule(g, node, dY)
            : throw new FoveaException(
                ErrorCode.BadModelFile,
                $"Node {node.Name} ({node.Op}) cannot be trained: there is no gradient rule for {node.Op}. "
                + "Fine-tune with --method head, which needs no gradient of this node.");
    }

    private static Value Zeros(Graph g, Shape shape) => g.Constant(Tensor.Drawn(shape, zeros => zeros.Clear()));

    // The forward pass broadcast the input to dX's shape, so the input's gradient is the sum of dX over the broadcast axes.
    private static Value WithoutBroadcast(Graph g, Value dX, Shape shape)
    {
        if (dX.Shape == shape)
        {
            return dX;
        }

        int added = dX.Shape.Rank - shape.Rank;
        var broadcast = Enumerable.Range(0, dX.Shape.Rank)
            .Where(axis => axis < added || (shape[axis - added] == 1 && dX.Shape[axis] != 1));
        return g.Reshape(g.ReduceSum(dX, [.. broadcast]), shape);
    }
}
