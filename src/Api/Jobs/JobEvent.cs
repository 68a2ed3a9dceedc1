namespace Fovea.Api.Jobs;

/// <summary>A message about the progress of a job.</summary>
internal sealed class JobEvent
{
    /// <summary>The severity of an event.</summary>
    public const string Info = "info", Warning = "warn", Error = "error";

    /// <summary>The id of the job.</summary>
    public required string JobId { get; init; }

    /// <summary>The number of the event in its job, counted from 1 without gaps.</summary>
    public required long Number { get; init; }

    /// <summary>The time of the event, Unix time in milliseconds.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>The severity: <see cref="Info"/>, <see cref="Warning"/> or <see cref="Error"/>.</summary>
    public required string Level { get; init; }

    /// <summary>A sentence for the caller.</summary>
    public required string Message { get; init; }

    /// <summary>The numbers of the event as a JSON object (<see cref="JobMetrics"/>); null: none.</summary>
    public string? Data { get; init; }
}
