using System.Collections.Concurrent;
using System.Text.Json.Serialization;

namespace Fovea.Api;

/// <summary>Counts what a loaded version has inferred, as the protocol's statistics extension has it. An image counts as an inference, a batch as an execution.</summary>
internal sealed class ModelStatistics
{
    private readonly Accumulator success = new(), fail = new(), queue = new();
    private readonly Stages all = new();
    private readonly ConcurrentDictionary<int, Stages> batches = new();
    private long images, lastMilliseconds;

    /// <summary>Counts a batch that was run.</summary>
    /// <param name="count">Images in it.</param>
    /// <param name="input">Writing them into it, all together.</param>
    /// <param name="infer">The run.</param>
    /// <param name="output">Reading what came out.</param>
    public void Ran(int count, TimeSpan input, TimeSpan infer, TimeSpan output)
    {
        all.Add(input, infer, output);
        batches.GetOrAdd(count, _ => new()).Add(input, infer, output);
        Interlocked.Add(ref images, count);
        Volatile.Write(ref lastMilliseconds, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }

    /// <summary>Counts an image that was answered.</summary>
    /// <param name="waited">How long it waited for its batch.</param>
    /// <param name="all">How long it took from when it was written to its answer.</param>
    public void Answered(TimeSpan waited, TimeSpan all)
    {
        queue.Add(waited);
        success.Add(all);
    }

    /// <summary>Counts an image whose batch failed.</summary>
    public void Failed(TimeSpan all) => fail.Add(all);

    /// <summary>What has been counted so far.</summary>
    public ModelStatisticsRow Read(string name, string version) => new(
        name,
        version,
        Volatile.Read(ref lastMilliseconds),
        Interlocked.Read(ref images),
        all.Infer.Read().Count,
        new(success.Read(), fail.Read(), queue.Read(), all.Input.Read(), all.Infer.Read(), all.Output.Read()),
        [.. batches.OrderBy(batch => batch.Key).Select(batch => new BatchStatistics(batch.Key, batch.Value.Input.Read(), batch.Value.Infer.Read(), batch.Value.Output.Read()))]);

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

/// <summary>Statistics of several versions.</summary>
/// <param name="ModelStats">One row each.</param>
internal sealed record ModelStatisticsList([property: JsonPropertyName("model_stats")] IReadOnlyList<ModelStatisticsRow> ModelStats);

/// <summary>What a version has inferred since it was loaded.</summary>
/// <param name="Name">The model.</param>
/// <param name="Version">Its version.</param>
/// <param name="LastInference">When the last batch ran, in milliseconds since 1970; 0: never.</param>
/// <param name="InferenceCount">Images inferred.</param>
/// <param name="ExecutionCount">Batches run.</param>
/// <param name="InferenceStats">How long images took.</param>
/// <param name="BatchStats">How long batches took, by the number of images in them.</param>
internal sealed record ModelStatisticsRow(
    string Name,
    string Version,
    [property: JsonPropertyName("last_inference")] long LastInference,
    [property: JsonPropertyName("inference_count")] long InferenceCount,
    [property: JsonPropertyName("execution_count")] long ExecutionCount,
    [property: JsonPropertyName("inference_stats")] InferenceStatistics InferenceStats,
    [property: JsonPropertyName("batch_stats")] IReadOnlyList<BatchStatistics> BatchStats);

/// <summary>Counts and times by stage.</summary>
/// <param name="Success">Images answered, from when they were written.</param>
/// <param name="Fail">Images whose batch failed.</param>
/// <param name="Queue">Waiting for the batch.</param>
/// <param name="ComputeInput">Writing a batch's images into it.</param>
/// <param name="ComputeInfer">Batches run.</param>
/// <param name="ComputeOutput">Reading what came out of them.</param>
internal sealed record InferenceStatistics(
    DurationStatistic Success,
    DurationStatistic Fail,
    DurationStatistic Queue,
    [property: JsonPropertyName("compute_input")] DurationStatistic ComputeInput,
    [property: JsonPropertyName("compute_infer")] DurationStatistic ComputeInfer,
    [property: JsonPropertyName("compute_output")] DurationStatistic ComputeOutput);

/// <summary>Times of batches of one size.</summary>
/// <param name="BatchSize">Images in the batch.</param>
/// <param name="ComputeInput">Writing the images into it.</param>
/// <param name="ComputeInfer">Runs.</param>
/// <param name="ComputeOutput">Reading what came out.</param>
internal sealed record BatchStatistics(
    [property: JsonPropertyName("batch_size")] int BatchSize,
    [property: JsonPropertyName("compute_input")] DurationStatistic ComputeInput,
    [property: JsonPropertyName("compute_infer")] DurationStatistic ComputeInfer,
    [property: JsonPropertyName("compute_output")] DurationStatistic ComputeOutput);

/// <summary>How often something happened, and how long it took in all.</summary>
/// <param name="Count">How often.</param>
/// <param name="Ns">Nanoseconds in all.</param>
internal sealed record DurationStatistic(long Count, long Ns);
