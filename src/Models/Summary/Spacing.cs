namespace Fovea.Models.Summary;

// Minimise sum of w[i] (x[i] - wanted[i])^2 subject to x[i + 1] - x[i] >= d[i], d[i] = (width[i] + width[i + 1]) / 2 + gap.
// With offset[i] = d[0] + ... + d[i - 1] and z[i] = x[i] - offset[i], the constraint is z[i + 1] >= z[i]. This is isotonic regression,
// which the pool-adjacent-violators algorithm solves: neighbours in the wrong order are merged to their weighted mean until all means
// increase.

/// <summary>
/// Positions items in a row as near to their preferred positions as possible, so that they keep their order and do not overlap.
/// </summary>
internal static class Spacing
{
    /// <summary>Computes the centre of each item by weighted least squares.</summary>
    /// <param name="wanted">The preferred centre of each item, and the weight of its squared distance from this centre.</param>
    /// <param name="widths">The width of each item.</param>
    /// <param name="gap">The smallest distance between the borders of neighbours.</param>
    public static IEnumerable<double> Nearest((double X, double Weight)[] wanted, double[] widths, double gap)
    {
        var offsets = new double[widths.Length];
        for (int i = 1; i < widths.Length; i++)
        {
            offsets[i] = offsets[i - 1] + (widths[i - 1] + widths[i]) / 2 + gap;
        }

        var pools = new List<(double Mean, double Weight, int Count)>();
        for (int i = 0; i < widths.Length; i++)
        {
            pools.Add((wanted[i].X - offsets[i], wanted[i].Weight, 1));
            while (pools.Count > 1 && pools[^2].Mean > pools[^1].Mean)
            {
                var (a, b) = (pools[^2], pools[^1]);
                pools.RemoveRange(pools.Count - 2, 2);
                pools.Add(((a.Mean * a.Weight + b.Mean * b.Weight) / (a.Weight + b.Weight), a.Weight + b.Weight, a.Count + b.Count));
            }
        }

        return pools.SelectMany(pool => Enumerable.Repeat(pool.Mean, pool.Count)).Zip(offsets, (mean, offset) => mean + offset);
    }
}
