using Fovea.Models.Graphs;

namespace Fovea.Training.TransferLearning;

/// <summary>Chooses the weights of a network that fine-tuning changes, and the factors of their learning rates.</summary>
internal static class TrainedLayers
{
    // The factor of the learning rate for the old weights, which are already trained. The new head learns at the full rate.
    private const double BackboneRate = 0.1;

    // The number of equal shares into which the layers are divided. The method partial trains only the last share: a quarter of the layers,
    // which is about the last stage of a residual network.
    private const int PartialShare = 4;

    private static readonly string[] Linear = ["Conv", "ConvTranspose", "Gemm", "MatMul"];

    /// <summary>Returns the factor of the learning rate for each weight; 0 for a weight that does not change.</summary>
    /// <param name="network">The network with its new head as the last node.</param>
    /// <param name="method">Partial or full.</param>
    /// <param name="caution">A further factor for the old weights, 0 to 1.</param>
    public static Func<Value, double> Rates(Graph network, FineTuningMethod method, double caution)
    {
        int[] layers = [.. network.Nodes.Index().Where(node => IsLayer(network, node.Item)).Select(node => node.Index)];
        int kept = method == FineTuningMethod.Full ? 0 : layers.Length - 1 - ((layers.Length - 1) / PartialShare);

        // Constants before the first layer, such as a mean image, normalise the image, and are not learnt either.
        int start = layers.Length > 0 ? layers[Math.Min(kept, layers.Length - 1)] : 0;
        var frozen = network.Nodes.Take(start).SelectMany(node => node.Inputs.OfType<Value>()).ToHashSet();
        var head = network.Outputs[0].Producer!.Inputs.OfType<Value>().ToHashSet();
        return weight => head.Contains(weight) ? 1 : frozen.Contains(weight) ? 0 : BackboneRate * caution;
    }

    // An old classifier whose probabilities the new head reads is no layer of its own.
    private static bool IsLayer(Graph network, Node node) =>
        node.Domain.Length == 0 && Linear.Contains(node.Op) && node.Inputs.OfType<Value>().Any(network.Initializers.ContainsKey)
        && !network.Nodes.Any(next => next.Op == "LogSoftmax" && next[0] == node.Output);
}
