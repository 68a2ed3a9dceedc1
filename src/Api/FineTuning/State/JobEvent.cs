namespace Fovea.Api;

/// <summary>Something that a job told.</summary>
internal sealed class JobEvent
{
    /// <summary>The levels.</summary>
    public const string Info = "info", Warning = "warn", Error = "error";

    public required string JobId { get; init; }

    /// <summary>Its place among the job's events, from 1, without gaps.</summary>
    public required long Number { get; init; }

    /// <summary>In milliseconds since 1970.</summary>
    public required long CreatedAt { get; init; }

    /// <summary><see cref="Info"/>, <see cref="Warning"/> or <see cref="Error"/>.</summary>
    public required string Level { get; init; }

    public required string Message { get; init; }

    /// <summary>Figures, a JSON object; null where it has none.</summary>
    public string? Data { get; init; }
}
