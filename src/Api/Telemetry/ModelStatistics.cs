using System.Collections.Concurrent;

namespace Fovea.Api.Telemetry;

/// <summary>
/// Counts the images and batches of a loaded version, for the statistics extension of the Open Inference Protocol. The protocol calls an
/// image an inference, and a batch an execution.
/// </summary>
internal sealed class ModelStatistics
{
    private readonly Accumulator success = new(), fail = new(), queue = new();
    private readonly Stages all = new();
    private readonly ConcurrentDictionary<int, Stages> batches = new();
    private long images, lastMilliseconds;

    /// <summary>Counts a batch that was run.</summary>
    /// <param name="count">The number of images in the batch.</param>
    /// <param name="input">The time for writing all images into the batch.</param>
    /// <param name="infer">The time of the run.</param>
    /// <param name="output">The time for reading the outputs.</param>
    public void Ran(int count, TimeSpan input, TimeSpan infer, TimeSpan output)
    {
        all.Add(input, infer, output);
        batches.GetOrAdd(count, _ => new()).Add(input, infer, output);
        Interlocked.Add(ref images, count);
        Volatile.Write(ref lastMilliseconds, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
    }

    /// <summary>Counts an image that was answered.</summary>
    /// <param name="waited">The time that the image waited for its batch.</param>
    /// <param name="all">The time from the writing of the image to its answer.</param>
    public void Answered(TimeSpan waited, TimeSpan all)
    {
        queue.Add(waited);
        success.Add(all);
    }

    /// <summary>Counts an image whose batch failed.</summary>
    public void Failed(TimeSpan all) => fail.Add(all);

    /// <summary>Returns the counts so far.</summary>
    public ModelStatisticsRow Read(string name, string version) => new(
        name,
        version,
        Volatile.Read(ref lastMilliseconds),
        Interlocked.Read(ref images),
        all.Infer.Read().Count,
        new(success.Read(), fail.Read(), queue.Read(), all.Input.Read(), all.Infer.Read(), all.Output.Read()),
        [
            .. batches.OrderBy(batch => batch.Key).Select(batch =>
                new BatchStatistics(batch.Key, batch.Value.Input.Read(), batch.Value.Infer.Read(), batch.Value.Output.Read())),
        ]);

    private sealed class Stages
    {
        public Accumulator Input { get; } = new();

        public Accumulator Infer { get; } = new();

        public Accumulator Output { get; } = new();

        public void Add(TimeSpan input, TimeSpan infer, TimeSpan output)
        {
            Input.Add(input);
            Infer.Add(infer);
            Output.Add(output);
        }
    }

    private sealed class Accumulator
    {
        private long count, nanoseconds;

        public void Add(TimeSpan time)
        {
            Interlocked.Increment(ref count);
            Interlocked.Add(ref nanoseconds, time.Ticks * TimeSpan.NanosecondsPerTick);
        }

        public DurationStatistic Read() => new(Interlocked.Read(ref count), Interlocked.Read(ref nanoseconds));
    }
}
