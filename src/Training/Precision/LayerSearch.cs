using System.Diagnostics;
using Fovea.Models.Graphs;

namespace Fovea.Training.Precision;

/// <summary>
/// Finds the layers that cost accuracy. First, the search measures each layer, and each group of layers that compute or read one tensor:
/// the measured layer or group computes with floats, and all other layers compute with integers. Then the search turns layers and groups
/// into floats, one after the other, those with the largest gain per layer first, until the network is accurate enough.
/// </summary>
/// <param name="groups">The layers and groups.</param>
/// <param name="damage">Measures the divergence of a form from the float network on few images.</param>
/// <param name="drop">Measures the drop in accuracy of a form on all choosing images; see <see cref="Comparison.Drop"/>.</param>
/// <param name="accepted">The largest drop at which the search ends.</param>
/// <param name="limit">The time after which the search ends with the best form so far.</param>
internal sealed class LayerSearch(
    IReadOnlyList<IReadOnlyList<Node>> groups, Func<QuantizedForm, double> damage, Func<QuantizedForm, double> drop, double accepted,
    TimeSpan limit)
{
    // The largest share of the layers that may become floats. With more, the network is hardly faster than the float network.
    private const double LargestShare = 1 / 3.0;

    private const int LeastLayers = 2;

    // A layer or group stays floats only if the damage falls below this factor of the damage before.
    private const double LeastGain = 0.98;

    /// <summary>Searches from a form whose layers are all integers.</summary>
    /// <param name="form">The form.</param>
    /// <param name="measured">Receives the number of layers and groups measured so far.</param>
    /// <param name="stop">Cancels the search.</param>
    /// <returns>The best form, with the layers that stay floats; the given form if no layer helps.</returns>
    public QuantizedForm Run(QuantizedForm form, Action<int> measured, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        double current = damage(form);
        var gains = new List<(IReadOnlyList<Node> Group, double Damage)>();
        foreach (var group in groups.Where(_ => !IsLate(2)))
        {
            stop.ThrowIfCancellationRequested();
            gains.Add((group, damage(form with { FloatLayers = group })));
            measured(gains.Count);
        }

        int most = Math.Max(LeastLayers, (int)(groups.Count(group => group.Count == 1) * LargestShare));
        var (best, least) = (form, drop(form));
        foreach (var (group, _) in gains.Where(gain => gain.Damage < current * LeastGain)
            .OrderBy(gain => (gain.Damage - current) / gain.Group.Count).ToArray())
        {
            if (least <= accepted || IsLate(1))
            {
                break;
            }

            stop.ThrowIfCancellationRequested();
            var next = form with { FloatLayers = [.. form.FloatLayers.Union(group)] };
            if (next.FloatLayers.Count <= most && next.FloatLayers.Count > form.FloatLayers.Count
                && damage(next) is var lessened && lessened < current * LeastGain)
            {
                (form, current) = (next, lessened);
                double reached = drop(form);
                (best, least) = reached < least ? (form, reached) : (best, least);
            }
        }

        return best;

        // Whether the given fraction of the time has passed. Measuring single layers and groups may use the first half of the time.
        bool IsLate(int parts) => Stopwatch.GetElapsedTime(start) > limit / parts;
    }
}
