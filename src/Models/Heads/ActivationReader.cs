using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Heads;

/// <summary>
/// The activation at the end of a graph. The search goes back from the output, past nodes that reshape scores, select some of them, or
/// average them.
/// </summary>
/// <param name="Kind">The kind of activation.</param>
/// <param name="Node">The last node of the activation; <c>null</c> if there is no activation.</param>
/// <param name="Source">
/// The input of the activation; <c>null</c> if there are several inputs, as in an average of several networks.
/// </param>
/// <param name="Logits">
/// The same value as <paramref name="Source"/> if the outputs are exactly the activation of it, times <paramref name="Total"/>; <c>null</c>
/// if they are not exact, for example because quantisation follows.
/// </param>
/// <param name="Total">The factor between probabilities and the graph's outputs: 1 for probabilities, 100 for per cent.</param>
internal sealed record ActivationReader(
    FinalActivation Kind, Node? Node = null, Value? Source = null, Value? Logits = null, float Total = 1)
{
    /// <summary>Finds the activation that computes a value.</summary>
    /// <exception cref="FoveaException">A softmax runs over another axis than the axis of the classes.</exception>
    public static ActivationReader Of(Value output) => new ActivationWalk().Read(output) ?? new(FinalActivation.None);
}
