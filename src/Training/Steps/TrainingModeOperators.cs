using Fovea.Models.Graphs;

namespace Fovea.Training.Steps;

/// <summary>
/// Replaces the operators that compute something else in training than in inference: batch normalisation uses the batch's statistics, and
/// dropout drops elements.
/// </summary>
/// <param name="target">The training graph to which the replacements are added.</param>
/// <param name="frozenStatistics">Whether batch normalisation keeps using its running statistics, as in inference.</param>
internal sealed class TrainingModeOperators(Graph target, bool frozenStatistics)
{
    private readonly List<Value> noise = [];
    private readonly List<(Value Before, Value After)> statistics = [];

    /// <summary>Inputs for dropout. Each run needs new uniform numbers in them, 0 inclusive to 1 exclusive.</summary>
    public IReadOnlyList<Value> Noise => noise;

    /// <summary>
    /// The running statistics of batch normalisation: each input, with the value that is moved towards the batch's statistic. The batch's
    /// variance is unbiased.
    /// </summary>
    public IReadOnlyList<(Value Before, Value After)> Statistics => statistics;

    /// <summary>Adds the replacement of a node and returns its outputs; returns null if the node needs no replacement.</summary>
    /// <param name="node">A node of the network.</param>
    /// <param name="inputs">The node's inputs in the training graph.</param>
    public IReadOnlyList<Value>? Of(Node node, Value?[] inputs) => node.Domain.Length > 0 ? null : node.Op switch
    {
        "BatchNormalization" when !frozenStatistics => [Normalized(node, inputs)],
        "Dropout" => [Dropped(node, inputs)],
        _ => null,
    };

    private Value Normalized(Node node, Value?[] inputs)
    {
        Value x = inputs[0]!, mean = inputs[3]!, variance = inputs[4]!;

        // ONNX Runtime overwrites the node's running statistics in place, even if other nodes read them. Passing negated copies, which
        // nothing else reads, protects the originals; the node's result does not depend on the values.
        var (y, batchMean, batchVariance) =
            target.BatchNormalization(x, inputs[1]!, inputs[2]!, -mean, -variance, node.Float("epsilon", 1e-5f), node.Name);

        // The subtraction is decimal: it gives 0.1f for 0.9f, while 1 - 0.9f gives 0.100000024f.
        float kept = node.Float("momentum", 0.9f), moved = (float)(1 - (decimal)kept), count = x.Shape.Size / x.Shape[1];
        statistics.Add((mean, mean * kept + batchMean * moved));
        statistics.Add((variance, variance * kept + batchVariance * (moved * count / Math.Max(1, count - 1))));
        return y;
    }

    private Value Dropped(Node node, Value?[] inputs)
    {
        var x = inputs[0]!;
        float rate = inputs.ElementAtOrDefault(1) is { } given ? given.Constant?.Floats[0] ?? 0.5f : 0.5f;
        if (rate == 0)
        {
            return x;
        }

        var uniform = target.Input($"{node.Name}:noise", ElementType.Float, x.Shape);
        noise.Add(uniform);
        return x * (target.Cast(target.Apply("GreaterOrEqual", [uniform, target.Scalar(rate)]), ElementType.Float) * (1 / (1 - rate)));
    }
}
