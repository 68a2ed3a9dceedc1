using System.Text.Json.Serialization;

namespace Fovea.Api.Jobs;

/// <summary>The state of a job, by the names that OpenAI's fine-tuning jobs have, and <c>paused</c>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobStatus>))]
internal enum JobStatus
{
    /// <summary>The job is new; no worker has seen it yet.</summary>
    [JsonStringEnumMemberName("validating_files")]
    ValidatingFiles,

    /// <summary>The job waits for a worker.</summary>
    [JsonStringEnumMemberName("queued")]
    Queued,

    /// <summary>A worker holds the job: it trains, evaluates or publishes.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>The job waits until a caller resumes it.</summary>
    [JsonStringEnumMemberName("paused")]
    Paused,

    /// <summary>The job has ended with a trained model.</summary>
    [JsonStringEnumMemberName("succeeded")]
    Succeeded,

    /// <summary>The job has ended without a model; its error says why.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>A caller has cancelled the job.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,
}
