using System.Diagnostics;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;

namespace Fovea.Training.Precision;

/// <summary>The speed of a network on all cores.</summary>
/// <param name="MillisecondsAlone">The median time of a run with one image.</param>
/// <param name="ImagesPerSecond">The images per second of batches of eight, at the median time.</param>
internal sealed record RunTimes(double MillisecondsAlone, double ImagesPerSecond)
{
    private const int Batch = 8, LeastRuns = 5, MostRuns = 200;

    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(2);

    /// <summary>Measures two networks by turns, so that other work on the machine slows both alike.</summary>
    /// <param name="first">A network.</param>
    /// <param name="second">Another network with an input of the same size.</param>
    /// <param name="stop">Cancels the measurement.</param>
    public static (RunTimes First, RunTimes Second) Of(Classifier first, Classifier second, CancellationToken stop)
    {
        var alone = Medians(first, second, 1, stop);
        var batches = Medians(first, second, Batch, stop);
        return (new(alone.First * 1000, Batch / batches.First), new(alone.Second * 1000, Batch / batches.Second));
    }

    private static (double First, double Second) Medians(Classifier first, Classifier second, int count, CancellationToken stop)
    {
        var images = new float[count * first.Input.Size];
        var random = new SeededRandom(0);
        foreach (ref float pixel in images.AsSpan())
        {
            pixel = random.Uniform(0, 1);
        }

        var logits = new float[count * first.Classes];
        List<double>[] times = [[], []];
        Classifier[] networks = [first, second];
        long start = 0;
        for (int run = 0; run <= LeastRuns || (run <= MostRuns && Stopwatch.GetElapsedTime(start) < Measured); run++)
        {
            // The first run of each network also allocates memory, so it does not count.
            start = run == 1 ? Stopwatch.GetTimestamp() : start;
            for (int i = 0; i < networks.Length; i++)
            {
                stop.ThrowIfCancellationRequested();
                long begun = Stopwatch.GetTimestamp();
                networks[i].Run(images, count, logits);
                times[i].Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
            }
        }

        return (Median(times[0]), Median(times[1]));
    }

    private static double Median(List<double> times) => times.Skip(1).Order().ElementAt((times.Count - 1) / 2);
}
