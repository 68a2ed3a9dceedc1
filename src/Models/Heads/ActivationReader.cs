using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Heads;

/// <summary>
/// The activation at the end of a graph, read by walking back from the output over nodes that change the form of scores, select some of
/// them, or average them.
/// </summary>
/// <param name="Kind">The kind.</param>
/// <param name="Node">The node that ends the activation; <c>null</c> if there is none.</param>
/// <param name="Source">
/// The value that the activation is applied to; <c>null</c> if there are several, as in an average of networks.
/// </param>
/// <param name="Logits">
/// The source, if leaving the activation out does not change the answers; <c>null</c> if it does, for example because quantisation follows.
/// </param>
/// <param name="Total">The number that the outputs are a multiple of: 1 for probabilities, 100 for per cent.</param>
internal sealed record ActivationReader(
    FinalActivation Kind, Node? Node = null, Value? Source = null, Value? Logits = null, float Total = 1)
{
    /// <summary>Reads the activation before a value.</summary>
    /// <exception cref="FoveaException">A softmax runs over another axis than the classes.</exception>
    public static ActivationReader Of(Value output) => new ActivationWalk().Read(output) ?? new(FinalActivation.None);
}
