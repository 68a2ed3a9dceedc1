using System.Diagnostics;
using Fovea.Models.Graphs;

namespace Fovea.Training.Precision;

/// <summary>
/// Finds the layers that cost accuracy. Each layer is measured by what it gains as floats while all others are integers. Then layers become
/// floats one by one, the one that gains most first, until the network is accurate enough.
/// </summary>
/// <param name="layers">The layers.</param>
/// <param name="damage">Measures a form on few images: the divergence from the float network.</param>
/// <param name="drop">Measures a form on all choosing images: the share by which it is worse.</param>
/// <param name="accepted">The drop that is accepted.</param>
/// <param name="limit">The time after which the search ends with what it has.</param>
internal sealed class LayerSearch(
    IReadOnlyList<Node> layers, Func<QuantizedForm, double> damage, Func<QuantizedForm, double> drop, double accepted, TimeSpan limit)
{
    // With more layers as floats the network is hardly faster.
    private const double LargestShare = 1 / 3.0;

    // A layer must lessen the damage by this factor, or it becomes integers again.
    private const double LeastGain = 0.98;

    /// <summary>Searches from a form whose layers are all integers.</summary>
    /// <param name="form">The form.</param>
    /// <param name="measured">Receives the number of layers measured so far.</param>
    /// <param name="stop">Cancels the search.</param>
    /// <returns>The form with the layers that stay floats, none if none helps.</returns>
    public QuantizedForm Run(QuantizedForm form, Action<int> measured, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        double current = damage(form);
        var gains = new List<(Node Layer, double Damage)>();
        foreach (var layer in layers.Where(_ => !IsLate(2)))
        {
            stop.ThrowIfCancellationRequested();
            gains.Add((layer, damage(form with { FloatLayers = [layer] })));
            measured(gains.Count);
        }

        int most = Math.Max(1, (int)(layers.Count * LargestShare));
        var (best, least) = (form, drop(form));
        foreach (var (layer, _) in gains.OrderBy(gain => gain.Damage).Where(gain => gain.Damage < current * LeastGain))
        {
            if (least <= accepted || form.FloatLayers.Count == most || IsLate(1))
            {
                break;
            }

            stop.ThrowIfCancellationRequested();
            var next = form with { FloatLayers = [.. form.FloatLayers, layer] };
            if (damage(next) is var lessened && lessened < current * LeastGain)
            {
                (form, current) = (next, lessened);
                best = drop(form) is var reached && reached < least ? form : best;
                least = Math.Min(least, reached);
            }
        }

        return best;

        // The first half of the time measures single layers.
        bool IsLate(int parts) => Stopwatch.GetElapsedTime(start) > limit / parts;
    }
}
