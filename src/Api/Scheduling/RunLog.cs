using System.Diagnostics;
using Fovea.Api.Telemetry;

namespace Fovea.Api.Scheduling;

/// <summary>
/// Passes on what happens in a model's runs: to the metrics, to the protocol's statistics, and to the admission, which tells refused
/// clients when to retry.
/// </summary>
/// <param name="model">The model's name.</param>
/// <param name="slots">The runs that may go on side by side.</param>
/// <param name="admission">Learns how fast the model is.</param>
/// <param name="statistics">Counts runs and images of this version.</param>
/// <param name="metrics">Counts runs and images of the model.</param>
internal sealed class RunLog(string model, int slots, Admission admission, ModelStatistics statistics, Metrics metrics)
{
    // Starting a thread costs a small part of this.
    private static readonly TimeSpan Long = TimeSpan.FromMilliseconds(2);

    private long lastTicks;
    private double secondsPerImage;

    /// <summary>Whether the last run was long enough for a thread of its own.</summary>
    public bool RunsLong => Volatile.Read(ref lastTicks) >= Long.Ticks;

    /// <summary>The seconds that each image of the last run took; 0 before the first run.</summary>
    public double SecondsPerImage => Volatile.Read(ref secondsPerImage);

    /// <summary>Notes a run.</summary>
    /// <param name="count">Images in it.</param>
    /// <param name="spread">Whether it held all slots.</param>
    /// <param name="input">How long writing its images took, added up.</param>
    /// <param name="infer">How long the run itself took.</param>
    /// <param name="output">How long reading its logits took.</param>
    public void Ran(int count, bool spread, TimeSpan input, TimeSpan infer, TimeSpan output)
    {
        Volatile.Write(ref lastTicks, infer.Ticks);
        Volatile.Write(ref secondsPerImage, infer.TotalSeconds / count);
        admission.Ran(count, spread ? infer : infer / slots);
        metrics.Ran(model, count, infer);
        statistics.Ran(count, input, infer, output);
    }

    /// <summary>Notes an image that was answered.</summary>
    /// <param name="request">The span of its request.</param>
    /// <param name="since">When it was written, a timestamp of <see cref="Stopwatch"/>.</param>
    /// <param name="start">When its run began.</param>
    /// <param name="end">When its run ended.</param>
    /// <param name="writing">How long writing it took.</param>
    public void Answered(ActivityContext request, long since, long start, long end, TimeSpan writing)
    {
        var waited = Stopwatch.GetElapsedTime(since, start);
        metrics.Waited(model, waited);
        statistics.Answered(waited, writing + Stopwatch.GetElapsedTime(since));
        Traces.Add("queue", model, request, since, start);
        Traces.Add("infer", model, request, start, end);
    }

    /// <summary>Notes an image whose run failed.</summary>
    public void Failed(TimeSpan all) => statistics.Failed(all);
}
