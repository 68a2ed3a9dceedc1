using System.Globalization;

namespace Fovea.Benchmarks.Serving;

/// <summary>
/// Follows the resident memory of a service over a long time. It rises at first, while the runtime recompiles hot methods, and must not
/// rise after that. The result shows the median of each tenth of the time, and the ratio of the last to the fifth. The median is used
/// because single readings vary with the garbage collection.
/// </summary>
internal sealed class ResidentMemory(ServiceProcess service)
{
    private const int Tenths = 10;

    private readonly List<long> readings = [];

    /// <summary>Reads the resident memory. Call it at least ten times at even intervals.</summary>
    public void Read() => readings.Add(service.Resident);

    /// <inheritdoc/>
    public override string ToString()
    {
        long[] medians = [.. Enumerable.Range(0, Tenths).Select(Median)];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"resident in each tenth {string.Join(", ", medians.Select(bytes => bytes >> 20))} MiB; the last over the fifth "
                + $"{(double)medians[^1] / medians[4]:F3}");
    }

    private long Median(int tenth)
    {
        int first = tenth * readings.Count / Tenths, end = (tenth + 1) * readings.Count / Tenths;
        return readings[first..end].Order().ElementAt((end - first) / 2);
    }
}
