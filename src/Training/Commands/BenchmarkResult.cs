using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Training.Commands;

/// <summary>The result of a benchmark; the property names are the JSON format.</summary>
/// <param name="MedianMs">The median time of a run, in milliseconds.</param>
/// <param name="FastestMs">The shortest time of a run, in milliseconds.</param>
/// <param name="ImagesPerSecond">The number of images per second at the median time.</param>
/// <param name="PeakMemoryBytes">The largest resident memory of the process, in bytes.</param>
internal sealed record BenchmarkResult(double MedianMs, double FastestMs, double ImagesPerSecond, long PeakMemoryBytes)
{
    /// <summary>Computes the result of measured times.</summary>
    /// <param name="times">The times in milliseconds, at least one. The method sorts this list.</param>
    /// <param name="images">The number of images in a run.</param>
    public static BenchmarkResult Of(List<double> times, int images)
    {
        times.Sort();
        double median = times[times.Count / 2];
        using var process = Process.GetCurrentProcess();
        return new(median, times[0], images / median * 1000, process.PeakWorkingSet64);
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(BenchmarkResult))]
internal sealed partial class BenchmarkJson : JsonSerializerContext;
