using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// The network inside a training graph: some operators compute something else while a network learns.
/// </summary>
internal sealed class TrainingForms(Graph target, bool frozenStatistics)
{
    private readonly List<Value> noise = [];
    private readonly List<(Value Before, Value After)> statistics = [];

    /// <summary>Inputs to be filled anew for each run with uniform numbers, 0 inclusive to 1 exclusive: what dropout is decided by.</summary>
    public IReadOnlyList<Value> Noise => noise;

    /// <summary>Running statistics of batch normalisation as they go in, and as they come out: moved towards the batch's, the variance unbiased.</summary>
    public IReadOnlyList<(Value Before, Value After)> Statistics => statistics;

    /// <summary>What stands for a node's outputs; null: the node itself.</summary>
    public IReadOnlyList<Value>? Of(Node node, Value?[] inputs) => node.Domain.Length > 0 ? null : node.Op switch
    {
        "BatchNormalization" when !frozenStatistics => [Normalized(node, inputs)],
        "Dropout" => [Dropped(node, inputs)],
        _ => null,
    };

    private Value Normalized(Node node, Value?[] inputs)
    {
        Value x = inputs[0]!, mean = inputs[3]!, variance = inputs[4]!;

        // ONNX Runtime writes the batch's statistics over the running ones that the node is given, whoever else reads them; so it is given values of its own.
        var (y, batchMean, batchVariance) = target.BatchNormalization(x, inputs[1]!, inputs[2]!, -mean, -variance, node.Float("epsilon", 1e-5f), node.Name);

        // As a decimal, since 1 - 0.9 is 0.1 and not what is left of 0.9 as a float.
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
