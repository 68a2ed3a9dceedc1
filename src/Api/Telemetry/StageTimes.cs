using System.Diagnostics.Metrics;

namespace Fovea.Api;

/// <summary>
/// Times on their way into a histogram by stage and model. Recording one means looking its labels up, which between other work costs several times what it costs right
/// after another; so times are kept until there are many, or until somebody reads the metrics.
/// </summary>
/// <param name="histogram">Where they are recorded.</param>
internal sealed class StageTimes(Histogram<double> histogram)
{
    private const int Most = 256;

    // One for each processor, so that threads seldom wait for each other.
    private readonly Kept[] kept = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Kept())];

    /// <summary>Takes a time, in seconds.</summary>
    public void Add(string stage, string model, double seconds)
    {
        if (!histogram.Enabled)
        {
            return;
        }

        var here = kept[Thread.GetCurrentProcessorId() % kept.Length];
        lock (here.Gate)
        {
            here.Times[here.Count++] = (stage, model, seconds);
            if (here.Count == Most)
            {
                Record(here);
            }
        }
    }

    /// <summary>Records all that are kept.</summary>
    public void Record()
    {
        foreach (var some in kept)
        {
            lock (some.Gate)
            {
                Record(some);
            }
        }
    }

    private void Record(Kept some)
    {
        foreach (var (stage, model, seconds) in some.Times.AsSpan(0, some.Count))
        {
            histogram.Record(seconds, new("stage", stage), new("model", model));
        }

        some.Count = 0;
    }

    private sealed class Kept
    {
        public Lock Gate { get; } = new();

        public (string Stage, string Model, double Seconds)[] Times { get; } = new (string, string, double)[Most];

        public int Count { get; set; }
    }
}
