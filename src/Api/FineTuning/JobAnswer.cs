using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fovea.Api.Jobs;

namespace Fovea.Api.FineTuning;

/// <summary>A fine-tuning job. Times are in seconds since 1970.</summary>
/// <param name="Object">Always fine_tuning.job.</param>
/// <param name="Id">The id of the job.</param>
/// <param name="CreatedAt">The time at which the job was created.</param>
/// <param name="FinishedAt">The time at which the job ended; null: it has not ended.</param>
/// <param name="EstimatedFinish">The time at which the job will end, estimated from its speed so far; null: unknown.</param>
/// <param name="Model">The model or pretrained base that training starts from.</param>
/// <param name="FineTunedModel">The trained model; null: the job has not succeeded.</param>
/// <param name="FineTunedVersion">The version of the trained model; null: the job has not succeeded.</param>
/// <param name="Published">Whether the job has published the trained version.</param>
/// <param name="Status">validating_files, queued, running, paused, succeeded, failed or cancelled.</param>
/// <param name="Method">head, full or auto.</param>
/// <param name="Hyperparameters">The hyperparameters. Each is a number, or auto until training has chosen a number.</param>
/// <param name="Seed">The seed of all random numbers.</param>
/// <param name="Suffix">The end of the trained model's name.</param>
/// <param name="Publish">auto or manual.</param>
/// <param name="Dataset">The id of the data set.</param>
/// <param name="DatasetName">The name that the owner gave the data set; null: it has no name.</param>
/// <param name="TrainingFile">The id of the data set, under OpenAI's name.</param>
/// <param name="ValidationFile">Always null: a part of the data set is used for validation.</param>
/// <param name="ResultFiles">The route of the report; empty: the job has not succeeded.</param>
/// <param name="Metadata">The notes that the caller sent with the job; null: none.</param>
/// <param name="Error">The reason why the job failed; null: it has not failed.</param>
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
    [property: JsonPropertyName("dataset_name")] string? DatasetName,
    [property: JsonPropertyName("training_file")] string TrainingFile,
    [property: JsonPropertyName("validation_file")] string? ValidationFile,
    [property: JsonPropertyName("result_files")] IReadOnlyList<string> ResultFiles,
    JsonNode? Metadata,
    JobError? Error)
{
    /// <summary>Returns the answer that describes a job.</summary>
    public static JobAnswer Of(Job job)
    {
        bool succeeded = job.Status is JobStatus.Succeeded;
        return new(
            Object: "fine_tuning.job",
            job.Id,
            Seconds(job.CreatedAt),
            job.FinishedAt is { } finished ? Seconds(finished) : null,
            job.EstimatedFinish is { } estimated ? Seconds(estimated) : null,
            job.Model,
            FineTunedModel: succeeded ? job.FineTunedModel : null,
            FineTunedVersion: succeeded ? job.Version : null,
            Published: succeeded && job.Published,
            job.Status,
            job.Method,
            new(Auto(job.Epochs), Auto(job.BatchSize), Auto(job.LearningRate)),
            job.Seed,
            job.Suffix,
            Publish: job.PublishesItself ? "auto" : "manual",
            job.Dataset,
            job.DatasetName,
            TrainingFile: job.Dataset,
            ValidationFile: null,
            ResultFiles: succeeded ? [$"/fine_tuning/jobs/{job.Id}/report"] : [],
            Metadata: job.Metadata is null ? null : JsonNode.Parse(job.Metadata),
            Error: job.ErrorCode is null ? null : new(job.ErrorCode, job.ErrorMessage!, null));
    }

    /// <summary>Converts a time from milliseconds to seconds.</summary>
    public static long Seconds(long milliseconds) => milliseconds / 1_000;

    private static JsonValue Auto(int? value) => value is { } number ? JsonValue.Create(number) : JsonValue.Create("auto");

    private static JsonValue Auto(double? value) => value is { } number ? JsonValue.Create(number) : JsonValue.Create("auto");
}

/// <summary>The hyperparameters of a job. Each is a number, or auto until training has chosen a number.</summary>
/// <param name="Epochs">The number of passes over the training images.</param>
/// <param name="BatchSize">The number of images in a step.</param>
/// <param name="LearningRate">The highest learning rate of the schedule.</param>
internal sealed record JobHyperparameters(
    [property: JsonPropertyName("n_epochs")] JsonNode Epochs,
    [property: JsonPropertyName("batch_size")] JsonNode BatchSize,
    [property: JsonPropertyName("learning_rate")] JsonNode LearningRate);

/// <summary>The reason why a job failed.</summary>
/// <param name="Code">The kind of error, stable: training_failed, bad_dataset, cannot_write ...</param>
/// <param name="Message">The reason, as a sentence.</param>
/// <param name="Param">Always null.</param>
internal sealed record JobError(string Code, string Message, string? Param);
