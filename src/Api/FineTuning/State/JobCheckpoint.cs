namespace Fovea.Api;

/// <summary>A step after which training could go on.</summary>
internal sealed class JobCheckpoint
{
    public required string JobId { get; init; }

    /// <summary>The steps done by then, over all epochs.</summary>
    public required long Step { get; init; }

    /// <summary>In milliseconds since 1970.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>What was known of the network then, a JSON object.</summary>
    public required string Metrics { get; init; }
}
