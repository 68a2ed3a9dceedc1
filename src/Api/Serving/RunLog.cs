using System.Diagnostics;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>What is noted of a model's runs: for metrics, for statistics, and to know how long a place in its queue is.</summary>
internal sealed class RunLog(string model, Classifier classifier, Admission admission, ModelStatistics statistics, Metrics metrics)
{
    // Much more than it costs to start a thread.
    private static readonly TimeSpan Long = TimeSpan.FromMilliseconds(2);

    private long lastTicks;

    /// <summary>Whether a run is long enough for a thread of its own.</summary>
    public bool RunsLong => Volatile.Read(ref lastTicks) >= Long.Ticks;

    /// <summary>Notes a run.</summary>
    /// <param name="count">Images in it.</param>
    /// <param name="spread">Whether it took all lanes.</param>
    /// <param name="input">Writing the images, all together.</param>
    /// <param name="infer">The run itself.</param>
    /// <param name="output">Reading what came out.</param>
    public void Ran(int count, bool spread, TimeSpan input, TimeSpan infer, TimeSpan output)
    {
        Volatile.Write(ref lastTicks, infer.Ticks);
        admission.Ran(count, spread ? infer : infer / classifier.Lanes);
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
