namespace Fovea.Models;

/// <summary>Places in a row that come nearest to those wanted, by weighted least squares, without changing the order or touching.</summary>
internal static class Spacing
{
    // Isotonic regression by pooling adjacent violators: with the least distances subtracted, places must not decrease.
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
