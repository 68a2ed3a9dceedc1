using Fovea.Models.Autodiff;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Explanations;

/// <summary>Differentiates the score of a class with respect to a value of the network.</summary>
internal static class GradientPath
{
    /// <summary>Adds the gradient of the score to the network's graph.</summary>
    /// <param name="network">The network with the score.</param>
    /// <param name="by">The value with respect to which the score is differentiated.</param>
    /// <param name="method">The method that needs the gradient, for the message.</param>
    /// <returns>The gradient, in the shape of the value.</returns>
    /// <exception cref="FoveaException">
    /// An operator between the value and the score has no gradient rule, or the score does not depend on the value.
    /// </exception>
    public static Value Of(ClassEvidence network, Value by, ExplanationMethod method)
    {
        var behind = new HashSet<Value> { by };
        Node[] path =
        [
            .. network.Graph.Nodes.Where(node =>
            {
                bool depends = node.Inputs.Any(input => input is not null && behind.Contains(input));
                behind.UnionWith(depends ? node.Outputs : []);
                return depends;
            }),
        ];
        var needed = new HashSet<Value> { network.Score };
        foreach (var node in path.Reverse().Where(node => node.Outputs.Any(needed.Contains)))
        {
            needed.UnionWith(node.Inputs.OfType<Value>());
            if (OperatorTable.Find(node) is not { IsDifferentiable: true } || node.Outputs.Any(IsShapeless))
            {
                throw Cannot($"its node {node.Name} ({node.Op}) has no gradient rule");
            }
        }

        return needed.Contains(by)
            ? Backward.From(network.Score, [by])[0]
            : throw Cannot($"its classes do not depend on {by.Name}");

        bool IsShapeless(Value output) => needed.Contains(output) && !output.Shape.IsKnown;

        FoveaException Cannot(string reason) => new(
            ErrorCode.BadModelFile,
            $"{network.Graph.Name} cannot be explained by {ExplanationMethods.NameOf(method)}: {reason}; expected "
            + $"{(method == ExplanationMethod.GradCam ? "a layer after this node, or " : "")}"
            + $"the method {ExplanationMethods.NameOf(ExplanationMethod.Rise)}, which needs no gradient.");
    }
}
