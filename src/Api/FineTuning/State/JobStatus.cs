using System.Text.Json.Serialization;

namespace Fovea.Api;

/// <summary>How far a job is, by the names that OpenAI's fine-tuning jobs have.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobStatus>))]
internal enum JobStatus
{
    /// <summary>Nobody has looked at its model and its data set yet.</summary>
    [JsonStringEnumMemberName("validating_files")]
    ValidatingFiles,

    /// <summary>It waits for a worker.</summary>
    [JsonStringEnumMemberName("queued")]
    Queued,

    /// <summary>A worker trains, evaluates or publishes.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>It waits to be resumed.</summary>
    [JsonStringEnumMemberName("paused")]
    Paused,

    /// <summary>The model is trained.</summary>
    [JsonStringEnumMemberName("succeeded")]
    Succeeded,

    /// <summary>It ended without a model; its error says why.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>It was called off.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,
}
