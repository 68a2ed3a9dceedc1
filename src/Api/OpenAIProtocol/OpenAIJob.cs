using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fovea.Api.FineTuning;
using Fovea.Api.Jobs;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>A fine-tuning job in the form of OpenAI's API. Times are in seconds since 1970.</summary>
/// <param name="Object">Always fine_tuning.job.</param>
/// <param name="Id">The id of the job.</param>
/// <param name="CreatedAt">The time at which the job was created.</param>
/// <param name="FinishedAt">The time at which the job ended; null: it has not ended.</param>
/// <param name="EstimatedFinish">
/// The estimated time at which the job will end, at least two seconds from now: OpenAI's .NET client sleeps until this time, and fails if
/// it is in the past. null: the job does not run, or its speed is not known yet.
/// </param>
/// <param name="Model">The model or pretrained base that training starts from.</param>
/// <param name="FineTunedModel">The trained model; null: the job has not succeeded.</param>
/// <param name="OrganizationId">Always fovea.</param>
/// <param name="Status">validating_files, queued, running, paused, succeeded, failed or cancelled.</param>
/// <param name="TrainingFile">The id of the data set.</param>
/// <param name="ValidationFile">Always null: a part of the data set is used for validation.</param>
/// <param name="ResultFiles">The id of the file with the report; empty: the job has not succeeded.</param>
/// <param name="TrainedTokens">Always null: images have no tokens.</param>
/// <param name="Hyperparameters">The same hyperparameters as in the method.</param>
/// <param name="Method">The method, always supervised, with its hyperparameters.</param>
/// <param name="Seed">
/// The seed of all random numbers; a seed that does not fit into 32 bits is shown as the nearest number of 32 bits.
/// </param>
/// <param name="Suffix">The end of the trained model's name.</param>
/// <param name="Integrations">Always empty.</param>
/// <param name="Metadata">The notes that the caller sent with the job; null: none.</param>
/// <param name="Error">The reason why the job failed; null: it has not failed.</param>
internal sealed record OpenAIJob(
    string Object,
    string Id,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("finished_at")] long? FinishedAt,
    [property: JsonPropertyName("estimated_finish")] long? EstimatedFinish,
    string Model,
    [property: JsonPropertyName("fine_tuned_model")] string? FineTunedModel,
    [property: JsonPropertyName("organization_id")] string OrganizationId,
    JobStatus Status,
    [property: JsonPropertyName("training_file")] string TrainingFile,
    [property: JsonPropertyName("validation_file")] string? ValidationFile,
    [property: JsonPropertyName("result_files")] IReadOnlyList<string> ResultFiles,
    [property: JsonPropertyName("trained_tokens")] long? TrainedTokens,
    OpenAIHyperparameters Hyperparameters,
    OpenAIMethod Method,
    int Seed,
    [property: JsonPropertyName("user_provided_suffix")] string Suffix,
    IReadOnlyList<string> Integrations,
    JsonNode? Metadata,
    JobError? Error)
{
    private const int LeastSecondsLeft = 2;

    /// <summary>Converts a job to this form.</summary>
    /// <param name="job">The job.</param>
    /// <param name="now">The time of the answer.</param>
    public static OpenAIJob Of(Job job, DateTimeOffset now)
    {
        var own = JobAnswer.Of(job);
        var hyperparameters = new OpenAIHyperparameters(
            own.Hyperparameters.Epochs, own.Hyperparameters.BatchSize, JsonValue.Create("auto"), own.Hyperparameters.LearningRate);
        return new(
            own.Object,
            own.Id,
            own.CreatedAt,
            own.FinishedAt,
            job.Status is JobStatus.Running && own.EstimatedFinish is { } estimated
                ? Math.Max(estimated, now.ToUnixTimeSeconds() + LeastSecondsLeft + 1)
                : null,
            own.Model,
            own.FineTunedModel,
            OrganizationId: "fovea",
            own.Status,
            own.TrainingFile,
            own.ValidationFile,
            ResultFiles: job.Status is JobStatus.Succeeded ? [OpenAIFile.IdOfReport(job.Id)] : [],
            TrainedTokens: null,
            hyperparameters,
            new(OpenAIMethod.Only, new(hyperparameters)),
            (int)Math.Clamp(own.Seed, int.MinValue, int.MaxValue),
            own.Suffix,
            Integrations: [],
            own.Metadata,
            own.Error);
    }
}
