using Fovea.Models.Graphs;

namespace Fovea.Training.Steps;

/// <summary>
/// The positions in one buffer of all numbers that training changes: the parameters, grouped by learning rate, followed by the running
/// statistics. Gradients and optimizer state use the same order in buffers of their own. An update is therefore one elementwise graph over
/// all parameters, and a checkpoint consists of a few plain arrays.
/// </summary>
internal sealed class ParameterLayout
{
    // 16 floats fill a cache line of 64 bytes. Each tensor starts at a cache line, where vector instructions are fastest.
    private const int Alignment = 16;

    /// <summary>Assigns positions to a network's parameters and running statistics.</summary>
    /// <param name="network">The network.</param>
    /// <param name="rateFactor">
    /// Returns the factor that multiplies a weight's learning rate. 0 freezes the weight and excludes it from the layout. null means 1 for
    /// all weights.
    /// </param>
    /// <param name="frozenStatistics">
    /// Whether the running statistics of batch normalisation are frozen, and excluded from the layout.
    /// </param>
    /// <exception cref="OverflowException">The layout has more than 2^31 - 1 floats.</exception>
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

    /// <summary>The index of the first element of each parameter and statistic, in ascending order.</summary>
    public OrderedDictionary<Value, int> Offsets { get; } = [];

    /// <summary>The parameters that training learns, in the order of the layout.</summary>
    public IReadOnlyList<Value> Parameters { get; }

    /// <summary>The running statistics that training updates from each batch, in the order of the layout.</summary>
    public IReadOnlyList<Value> Statistics { get; }

    /// <summary>The parameter groups, contiguous and in ascending order.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; }

    /// <summary>
    /// The number of floats that the parameters occupy, with the gaps for alignment: the length of gradients and optimizer state.
    /// </summary>
    public int ParametersLength { get; }

    /// <summary>The number of floats that parameters and statistics occupy, with the gaps for alignment.</summary>
    public int Length { get; private set; }

    /// <summary>
    /// Returns the weights that training can change: all float initializers except scalars, which are constants of formulas, running
    /// statistics, and the scales and sizes of Resize.
    /// </summary>
    public static IEnumerable<Value> Learnable(Graph network)
    {
        var resizeInputs = network.Nodes.Where(node => node.Op == "Resize").SelectMany(node => node.Inputs.Skip(1).OfType<Value>());
        var constants = RunningStatistics(network).Concat(resizeInputs).ToHashSet();
        return network.Initializers.Keys
            .Where(value => value is { Type: ElementType.Float, Shape.Rank: > 0 } && !constants.Contains(value));
    }

    /// <summary>
    /// Returns the running means and variances of batch normalisation. They have no gradient: training updates them from each batch's
    /// statistics.
    /// </summary>
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
