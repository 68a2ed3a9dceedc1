using System.Globalization;

namespace Fovea.Benchmarks;

/// <summary>
/// Resident memory of a service over a long time. It rises at first, while the runtime compiles again what is called often, and must not rise after
/// that: all tenths of the time are shown, and the last is set beside the fifth. Of each it is the median, since one reading falls now before memory
/// is given back and now after.
/// </summary>
internal sealed class ResidentMemory(ServiceProcess service)
{
    private const int Tenths = 10;

    private readonly List<long> readings = [];

    /// <summary>Reads it; to be called at least ten times, evenly.</summary>
    public void Read() => readings.Add(service.Resident);

    /// <inheritdoc/>
    public override string ToString()
    {
        long[] medians = [.. Enumerable.Range(0, Tenths).Select(Median)];
        return string.Create(CultureInfo.InvariantCulture, $"resident in each tenth {string.Join(", ", medians.Select(bytes => bytes >> 20))} MiB; the last over the fifth {(double)medians[^1] / medians[4]:F3}");
    }

    private long Median(int tenth)
    {
        int first = tenth * readings.Count / Tenths, end = (tenth + 1) * readings.Count / Tenths;
        return readings[first..end].Order().ElementAt((end - first) / 2);
    }
}
