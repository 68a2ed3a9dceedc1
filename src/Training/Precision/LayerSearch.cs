using System.Diagnostics;
using Fovea.Models.Graphs;

namespace Fovea.Training.Precision;

/// <summary>
/// Finds the layers that cost accuracy. Each layer, and each group of layers beside one tensor, is measured by what it gains as floats
/// while all others are integers. Then they become floats one after the other, the one that gains most for each layer first, until the
/// network is accurate enough.
/// </summary>
/// <param name="groups">The layers and groups.</param>
/// <param name="damage">Measures a form on few images: the divergence from the float network.</param>
/// <param name="drop">Measures a form on all choosing images: the share by which it is worse.</param>
/// <param name="accepted">The drop that is accepted.</param>
/// <param name="limit">The time after which the search ends with what it has.</param>
internal sealed class LayerSearch(
    IReadOnlyList<IReadOnlyList<Node>> groups, Func<QuantizedForm, double> damage, Func<QuantizedForm, double> drop, double accepted,
    TimeSpan limit)
{
    // With more layers as floats the network is hardly faster.
    private const double LargestShare = 1 / 3.0;

    private const int LeastLayers = 2;

    // A layer must lessen the damage by this factor, or it becomes integers again.
    private const double LeastGain = 0.98;

    /// <summary>Searches from a form whose layers are all integers.</summary>
    /// <param name="form">The form.</param>
    /// <param name="measured">Receives the number of layers and groups measured so far.</param>
    /// <param name="stop">Cancels the search.</param>
    /// <returns>The form with the layers that stay floats, none if none helps.</returns>
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

        // The first half of the time measures layers and groups by themselves.
        bool IsLate(int parts) => Stopwatch.GetElapsedTime(start) > limit / parts;
    }
}
