namespace Fovea.Api.Jobs;

/// <summary>A message about the progress of a job.</summary>
internal sealed class JobEvent
{
    /// <summary>The levels.</summary>
    public const string Info = "info", Warning = "warn", Error = "error";

    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>The place among the job's events, from 1, without gaps.</summary>
    public required long Number { get; init; }

    /// <summary>Unix time in milliseconds.</summary>
    public required long CreatedAt { get; init; }

    /// <summary><see cref="Info"/>, <see cref="Warning"/> or <see cref="Error"/>.</summary>
    public required string Level { get; init; }

    /// <summary>A sentence for the caller.</summary>
    public required string Message { get; init; }

    /// <summary>Metrics, a JSON object; null: none.</summary>
    public string? Data { get; init; }
}
