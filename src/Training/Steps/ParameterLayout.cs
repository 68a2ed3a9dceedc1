using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// Where each parameter of a network lies in one piece of memory. Gradients and optimizer state lie in the same order in memory of their own, so
/// that an update is one elementwise graph over all parameters together, and a checkpoint a few plain arrays.
/// </summary>
internal sealed class ParameterLayout
{
    // A cache line of floats: parameters start where vector instructions like it.
    private const int Alignment = 16;

    public ParameterLayout(Graph network)
    {
        var parameters = new OrderedDictionary<Value, int>();
        foreach (var parameter in Learnable(network))
        {
            parameters.Add(parameter, Length);
            Length = checked(Length + ((int)parameter.Shape.Size + Alignment - 1) / Alignment * Alignment);
        }

        Offsets = parameters;
    }

    /// <summary>Each parameter of the network and the index of its first element.</summary>
    public OrderedDictionary<Value, int> Offsets { get; }

    /// <summary>The number of floats, the gaps between parameters included.</summary>
    public int Length { get; }

    /// <summary>The weights that training can change: the float initializers that are neither scalars, which are part of a formula, nor running statistics nor the scales of a Resize.</summary>
    public static IEnumerable<Value> Learnable(Graph network)
    {
        var fixedOnes = RunningStatistics(network).Concat(network.Nodes.Where(node => node.Op == "Resize").SelectMany(node => node.Inputs.Skip(1).OfType<Value>())).ToHashSet();
        return network.Initializers.Keys.Where(value => value is { Type: ElementType.Float, Shape.Rank: > 0 } && !fixedOnes.Contains(value));
    }

    /// <summary>The running means and variances of batch normalisation, which follow the batches and have no gradient.</summary>
    public static IEnumerable<Value> RunningStatistics(Graph network) => network.Nodes
        .Where(node => node is { Op: "BatchNormalization", Domain: "" })
        .SelectMany(node => new[] { node[3], node[4] })
        .Where(network.Initializers.ContainsKey)
        .Distinct();
}
