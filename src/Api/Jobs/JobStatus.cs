using System.Text.Json.Serialization;

namespace Fovea.Api.Jobs;

/// <summary>The state of a job: the states of OpenAI's fine-tuning jobs, and <c>paused</c>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobStatus>))]
internal enum JobStatus
{
    /// <summary>The job is new and not in the queue yet.</summary>
    [JsonStringEnumMemberName("validating_files")]
    ValidatingFiles,

    /// <summary>The job waits for a worker.</summary>
    [JsonStringEnumMemberName("queued")]
    Queued,

    /// <summary>A worker has taken the job and is training, evaluating or publishing.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>The job waits until a caller resumes it.</summary>
    [JsonStringEnumMemberName("paused")]
    Paused,

    /// <summary>The job has ended with a trained model.</summary>
    [JsonStringEnumMemberName("succeeded")]
    Succeeded,

    /// <summary>The job has ended without a model; its error gives the reason.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>A caller has cancelled the job.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,
}
