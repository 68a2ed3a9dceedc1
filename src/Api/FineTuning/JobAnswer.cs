using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Fovea.Api;

/// <summary>A fine-tuning job. Times are in seconds since 1970.</summary>
/// <param name="Object">Always fine_tuning.job.</param>
/// <param name="Id">Its name.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="FinishedAt">When it ended.</param>
/// <param name="EstimatedFinish">When it will have ended, by what was measured so far; null while nothing was.</param>
/// <param name="Model">The model that it begins with.</param>
/// <param name="FineTunedModel">The model that came out; null before.</param>
/// <param name="FineTunedVersion">Its version; null before.</param>
/// <param name="Published">Whether that version was published by the job.</param>
/// <param name="Status">How far it is.</param>
/// <param name="Method">head, full or auto.</param>
/// <param name="Hyperparameters">How it trains, each a number, or auto while it is not decided.</param>
/// <param name="Seed">What all randomness comes from.</param>
/// <param name="Suffix">What the trained model's name ends in.</param>
/// <param name="Publish">auto or manual.</param>
/// <param name="Dataset">The data set that it learns from.</param>
/// <param name="TrainingFile">The same.</param>
/// <param name="ValidationFile">Null: a part of the data set is set aside.</param>
/// <param name="ResultFiles">The route of its report, once there is one.</param>
/// <param name="Metadata">What the caller noted down.</param>
/// <param name="Error">Why it failed.</param>
internal sealed record JobAnswer(
    string Object,
    string Id,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("finished_at")] long? FinishedAt,
    [property: JsonPropertyName("estimated_finish")] long? EstimatedFinish,
    string Model,
    [property: JsonPropertyName("fine_tuned_model")] string? FineTunedModel,
    [property: JsonPropertyName("fine_tuned_version")] int? FineTunedVersion,
    bool Published,
    JobStatus Status,
    string Method,
    JobHyperparameters Hyperparameters,
    long Seed,
    string Suffix,
    string Publish,
    string Dataset,
    [property: JsonPropertyName("training_file")] string TrainingFile,
    [property: JsonPropertyName("validation_file")] string? ValidationFile,
    [property: JsonPropertyName("result_files")] IReadOnlyList<string> ResultFiles,
    JsonNode? Metadata,
    JobError? Error)
{
    /// <summary>A job as it is shown.</summary>
    public static JobAnswer Of(Job job)
    {
        bool succeeded = job.Status is JobStatus.Succeeded;
        return new(
            "fine_tuning.job", job.Id, Seconds(job.CreatedAt), job.FinishedAt is { } finished ? Seconds(finished) : null, job.EstimatedFinish is { } estimated ? Seconds(estimated) : null,
            job.Model, succeeded ? job.FineTunedModel : null, succeeded ? job.Version : null, succeeded && job.Published, job.Status, job.Method,
            new(Auto(job.Epochs), Auto(job.BatchSize), Auto(job.LearningRate)), job.Seed, job.Suffix, job.PublishesItself ? "auto" : "manual", job.Dataset, job.Dataset, null,
            succeeded ? [$"/fine_tuning/jobs/{job.Id}/report"] : [], job.Metadata is null ? null : JsonNode.Parse(job.Metadata), job.ErrorCode is null ? null : new(job.ErrorCode, job.ErrorMessage!, null));
    }

    /// <summary>A time as it is shown.</summary>
    public static long Seconds(long milliseconds) => milliseconds / 1_000;

    private static JsonValue Auto(int? value) => value is { } number ? JsonValue.Create(number) : JsonValue.Create("auto");

    private static JsonValue Auto(double? value) => value is { } number ? JsonValue.Create(number) : JsonValue.Create("auto");
}

/// <summary>How a job trains; each a number, or auto while it is not decided.</summary>
/// <param name="Epochs">Passes over the training images.</param>
/// <param name="BatchSize">Images in a step.</param>
/// <param name="LearningRate">The highest learning rate of the schedule.</param>
internal sealed record JobHyperparameters(
    [property: JsonPropertyName("n_epochs")] JsonNode Epochs,
    [property: JsonPropertyName("batch_size")] JsonNode BatchSize,
    [property: JsonPropertyName("learning_rate")] JsonNode LearningRate);

/// <summary>Why a job failed.</summary>
/// <param name="Code">The kind of error, stable: training_failed, bad_dataset, cannot_write ...</param>
/// <param name="Message">What went wrong.</param>
/// <param name="Param">Always null.</param>
internal sealed record JobError(string Code, string Message, string? Param);

/// <summary>Something that a job told.</summary>
/// <param name="Object">Always fine_tuning.job.event.</param>
/// <param name="Id">Its number among the job's events, from 1.</param>
/// <param name="CreatedAt">When, in seconds since 1970.</param>
/// <param name="Level">info, warn or error.</param>
/// <param name="Message">A sentence.</param>
/// <param name="Type">metrics where it has figures, else message.</param>
/// <param name="Data">The figures.</param>
internal sealed record JobEventAnswer(
    string Object, string Id, [property: JsonPropertyName("created_at")] long CreatedAt, string Level, string Message, string Type, JsonNode? Data)
{
    /// <summary>An event as it is shown.</summary>
    public static JobEventAnswer Of(JobEvent e) =>
        new("fine_tuning.job.event", $"{e.Number}", JobAnswer.Seconds(e.CreatedAt), e.Level, e.Message, e.Data is null ? "message" : "metrics", e.Data is null ? null : JsonNode.Parse(e.Data));
}

/// <summary>A step after which training could go on.</summary>
/// <param name="Object">Always fine_tuning.job.checkpoint.</param>
/// <param name="Id">Its name: the number of its step.</param>
/// <param name="CreatedAt">When, in seconds since 1970.</param>
/// <param name="Job">The job.</param>
/// <param name="StepNumber">The steps that were done, over all epochs.</param>
/// <param name="Metrics">What was known of the network then: losses in nats, accuracies 0 to 1.</param>
internal sealed record JobCheckpointAnswer(
    string Object,
    string Id,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("fine_tuning_job_id")] string Job,
    [property: JsonPropertyName("step_number")] long StepNumber,
    JsonNode? Metrics)
{
    /// <summary>A checkpoint as it is shown.</summary>
    public static JobCheckpointAnswer Of(JobCheckpoint checkpoint) =>
        new("fine_tuning.job.checkpoint", $"{checkpoint.Step}", JobAnswer.Seconds(checkpoint.CreatedAt), checkpoint.JobId, checkpoint.Step, JsonNode.Parse(checkpoint.Metrics));
}

/// <summary>How all this becomes JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(JobAnswer))]
[JsonSerializable(typeof(JobEventAnswer))]
[JsonSerializable(typeof(Page<JobAnswer>))]
[JsonSerializable(typeof(Page<JobEventAnswer>))]
[JsonSerializable(typeof(Page<JobCheckpointAnswer>))]
internal sealed partial class FineTuningJson : JsonSerializerContext
{
    /// <summary>The same, with messages as readable as in the service's other answers.</summary>
    public static FineTuningJson Readable { get; } = new(new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
