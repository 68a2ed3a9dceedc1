using System.Diagnostics.Metrics;

namespace Fovea.Api.Telemetry;

/// <summary>
/// Buffers the times of stages before they are recorded in a histogram. Recording a time looks up its labels. A lookup right after another
/// lookup is several times faster than one between other work, so many times are recorded together: when a buffer is full, and when the
/// metrics are requested.
/// </summary>
/// <param name="histogram">The histogram that receives the times.</param>
internal sealed class StageTimes(Histogram<double> histogram)
{
    private const int Most = 256;

    // One buffer per processor, so that threads seldom wait for each other.
    private readonly Kept[] kept = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Kept())];

    /// <summary>Adds the time of one stage, in seconds.</summary>
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

    /// <summary>Records all buffered times in the histogram.</summary>
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
