using System.Text.Json.Serialization;

namespace Fovea.Client;

/// <summary>A fine-tuning job.</summary>
/// <param name="Id">The name in requests: ftjob- and 32 hexadecimal digits.</param>
/// <param name="Status">validating_files, queued, running, paused, succeeded, failed or cancelled.</param>
/// <param name="Model">The model or pretrained base that training starts from.</param>
/// <param name="FineTunedModel">The trained model; null: the job has not succeeded.</param>
/// <param name="FineTunedVersion">The version of the trained model, from 1; null: the job has not succeeded.</param>
/// <param name="Published">Whether the job published the trained version, so that the service serves it.</param>
/// <param name="Method">head, full or auto.</param>
/// <param name="Dataset">The id of the data set.</param>
/// <param name="CreatedAt">The time at which the job was created, to the second.</param>
/// <param name="FinishedAt">The time at which the job ended; null: the job has not ended.</param>
/// <param name="EstimatedFinish">The estimated time at which the job will end; null: unknown.</param>
/// <param name="Error">The reason why the job failed; null: the job has not failed.</param>
public sealed record FineTuningJob(
    string Id,
    string Status,
    string Model,
    [property: JsonPropertyName("fine_tuned_model")] string? FineTunedModel,
    [property: JsonPropertyName("fine_tuned_version")] int? FineTunedVersion,
    bool Published,
    string Method,
    string Dataset,
    [property: JsonPropertyName("created_at"), JsonConverter(typeof(UnixSeconds))] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("finished_at"), JsonConverter(typeof(UnixSeconds))] DateTimeOffset? FinishedAt,
    [property: JsonPropertyName("estimated_finish"), JsonConverter(typeof(UnixSeconds))] DateTimeOffset? EstimatedFinish,
    FineTuningError? Error)
{
    /// <summary>Whether the job has ended with a trained model.</summary>
    public bool HasSucceeded => Status == "succeeded";

    /// <summary>Whether the job has ended, with a model or without one.</summary>
    public bool HasEnded => Status is "succeeded" or "failed" or "cancelled";
}

/// <summary>The reason why a job failed.</summary>
/// <param name="Code">The kind of error, stable: training_failed, bad_dataset, cannot_write ...</param>
/// <param name="Message">The description of the error.</param>
public sealed record FineTuningError(string Code, string Message);
