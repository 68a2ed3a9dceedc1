using System.Text.Json.Serialization;

namespace Fovea.Api.Telemetry;

/// <summary>The statistics of several versions.</summary>
/// <param name="ModelStats">One entry for each version.</param>
internal sealed record ModelStatisticsList([property: JsonPropertyName("model_stats")] IReadOnlyList<ModelStatisticsRow> ModelStats);

/// <summary>The statistics of a version since it was loaded.</summary>
/// <param name="Name">The name of the model.</param>
/// <param name="Version">The version's number.</param>
/// <param name="LastInference">The time of the last batch, in milliseconds since 1970; 0 if none has run.</param>
/// <param name="InferenceCount">The number of images.</param>
/// <param name="ExecutionCount">The number of batches.</param>
/// <param name="InferenceStats">The times of images.</param>
/// <param name="BatchStats">The times of batches, one row for each number of images in a batch.</param>
internal sealed record ModelStatisticsRow(
    string Name,
    string Version,
    [property: JsonPropertyName("last_inference")] long LastInference,
    [property: JsonPropertyName("inference_count")] long InferenceCount,
    [property: JsonPropertyName("execution_count")] long ExecutionCount,
    [property: JsonPropertyName("inference_stats")] InferenceStatistics InferenceStats,
    [property: JsonPropertyName("batch_stats")] IReadOnlyList<BatchStatistics> BatchStats);

/// <summary>The number of images or batches, and their total time, for each stage.</summary>
/// <param name="Success">The number of answered images, and the time from writing an image to its answer.</param>
/// <param name="Fail">The number of images whose batch failed, and the time from writing an image to the failure.</param>
/// <param name="Queue">The number of images that waited for their batch, and the time of waiting.</param>
/// <param name="ComputeInput">The number of batches, and the time for writing the images into a batch.</param>
/// <param name="ComputeInfer">The number of batches, and the time of a batch's run.</param>
/// <param name="ComputeOutput">The number of batches, and the time for reading the outputs.</param>
internal sealed record InferenceStatistics(
    DurationStatistic Success,
    DurationStatistic Fail,
    DurationStatistic Queue,
    [property: JsonPropertyName("compute_input")] DurationStatistic ComputeInput,
    [property: JsonPropertyName("compute_infer")] DurationStatistic ComputeInfer,
    [property: JsonPropertyName("compute_output")] DurationStatistic ComputeOutput);

/// <summary>The times of all batches of one size.</summary>
/// <param name="BatchSize">The number of images in a batch.</param>
/// <param name="ComputeInput">The time for writing the images into a batch.</param>
/// <param name="ComputeInfer">The time of a run.</param>
/// <param name="ComputeOutput">The time for reading the outputs.</param>
internal sealed record BatchStatistics(
    [property: JsonPropertyName("batch_size")] int BatchSize,
    [property: JsonPropertyName("compute_input")] DurationStatistic ComputeInput,
    [property: JsonPropertyName("compute_infer")] DurationStatistic ComputeInfer,
    [property: JsonPropertyName("compute_output")] DurationStatistic ComputeOutput);

/// <summary>A number of events and their total time.</summary>
/// <param name="Count">The number of events.</param>
/// <param name="Ns">The total time of the events in nanoseconds.</param>
internal sealed record DurationStatistic(long Count, long Ns);
