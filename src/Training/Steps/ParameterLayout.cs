using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// Where each number that training changes lies in one piece of memory: the parameters, those of one learning rate together, then the running
/// statistics. Gradients and optimizer state lie in the same order in memory of their own, so that an update is one elementwise graph over all
/// parameters together, and a checkpoint a few plain arrays.
/// </summary>
internal sealed class ParameterLayout
{
    // A cache line of floats: tensors start where vector instructions like it.
    private const int Alignment = 16;

    /// <summary>Lays out what changes of a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="rateFactor">What the learning rate is multiplied by for a weight; 0 leaves it as it is and out of the layout; null: 1 for all.</param>
    /// <param name="frozenStatistics">Whether the running statistics of batch normalisation stay as they are, and out of the layout.</param>
    public ParameterLayout(Graph network, Func<Value, double>? rateFactor = null, bool frozenStatistics = false)
    {
        var groups = new List<ParameterGroup>();
        foreach (var group in Learnable(network).GroupBy(parameter => rateFactor?.Invoke(parameter) ?? 1).Where(group => group.Key != 0))
        {
            int start = Length;
            Append(group);
            groups.Add(new(start, Length - start, group.Key));
        }

        (Groups, Parameters, ParametersLength) = (groups, [.. Offsets.Keys], Length);
        Statistics = [.. frozenStatistics ? [] : RunningStatistics(network)];
        Append(Statistics);
    }

    /// <summary>Each parameter and statistic of the network, and the index of its first element.</summary>
    public OrderedDictionary<Value, int> Offsets { get; } = [];

    /// <summary>What is learnt, in the order in which it lies.</summary>
    public IReadOnlyList<Value> Parameters { get; }

    /// <summary>What follows the batches, in the order in which it lies.</summary>
    public IReadOnlyList<Value> Statistics { get; }

    /// <summary>The parameters' stretches of one learning rate, one behind the other.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; }

    /// <summary>The floats that parameters take, the gaps between them included: the length of gradients and optimizer state.</summary>
    public int ParametersLength { get; }

    /// <summary>The floats that all take.</summary>
    public int Length { get; private set; }

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

    private void Append(IEnumerable<Value> values)
    {
        foreach (var value in values)
        {
            Offsets.Add(value, Length);
            Length = checked(Length + ((int)value.Shape.Size + Alignment - 1) / Alignment * Alignment);
        }
    }
}

/// <summary>A stretch of the parameters that moves at the learning rate times a factor.</summary>
internal readonly record struct ParameterGroup(int Offset, int Length, double RateFactor);
