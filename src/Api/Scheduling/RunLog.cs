using System.Diagnostics;
using Fovea.Api.Telemetry;

namespace Fovea.Api.Scheduling;

/// <summary>
/// Records the runs of a model: in the metrics, in the statistics of the Open Inference Protocol, and in the admission, which estimates
/// from them when a refused client should retry.
/// </summary>
/// <param name="model">The model's name.</param>
/// <param name="slots">The number of runs that may go on side by side.</param>
/// <param name="admission">Estimates the model's time per image from the runs.</param>
/// <param name="statistics">Counts runs and images of this version.</param>
/// <param name="metrics">Counts runs and images of the model.</param>
internal sealed class RunLog(string model, int slots, Admission admission, ModelStatistics statistics, Metrics metrics)
{
    // A run of this length or longer gets a thread of its own, because starting a thread takes only a small fraction of this time.
    private static readonly TimeSpan Long = TimeSpan.FromMilliseconds(2);

    private long lastTicks;
    private double secondsPerImage;

    /// <summary>Whether the last run was long enough for a thread of its own.</summary>
    public bool RunsLong => Volatile.Read(ref lastTicks) >= Long.Ticks;

    /// <inheritdoc cref="Admission.HasLoneRequest"/>
    public bool HasLoneRequest => admission.HasLoneRequest;

    /// <summary>The seconds per image of the last run; 0 before the first run.</summary>
    public double SecondsPerImage => Volatile.Read(ref secondsPerImage);

    /// <summary>Records a run.</summary>
    /// <param name="count">The number of images in the run.</param>
    /// <param name="spread">Whether the run was spread over all cores.</param>
    /// <param name="input">The sum of the times for writing the run's images.</param>
    /// <param name="infer">The time of the run itself.</param>
    /// <param name="output">The time for reading the logits of the run.</param>
    public void Ran(int count, bool spread, TimeSpan input, TimeSpan infer, TimeSpan output)
    {
        Volatile.Write(ref lastTicks, infer.Ticks);
        Volatile.Write(ref secondsPerImage, infer.TotalSeconds / count);
        admission.Ran(count, spread ? infer : infer / slots);
        metrics.Ran(model, count, infer);
        statistics.Ran(count, input, infer, output);
    }

    /// <summary>Records an answered image. Times are timestamps of <see cref="Stopwatch"/>.</summary>
    /// <param name="request">The tracing span of the image's request.</param>
    /// <param name="since">The time at which the image was written.</param>
    /// <param name="start">The time at which its run began.</param>
    /// <param name="end">The time at which its run ended.</param>
    /// <param name="writing">The time that writing the image took.</param>
    public void Answered(ActivityContext request, long since, long start, long end, TimeSpan writing)
    {
        var waited = Stopwatch.GetElapsedTime(since, start);
        metrics.Waited(model, waited);
        statistics.Answered(waited, writing + Stopwatch.GetElapsedTime(since));
        Traces.Add("queue", model, request, since, start);
        Traces.Add("infer", model, request, start, end);
    }

    /// <summary>Records an image whose run failed.</summary>
    /// <param name="all">The time from writing the image to the failure.</param>
    public void Failed(TimeSpan all) => statistics.Failed(all);
}
