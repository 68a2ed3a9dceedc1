
namespace Fovea.Api.Jobs;

/// <summary>A training step whose state was saved, so that training can be continued from it.</summary>
internal sealed class JobCheckpoint
{
    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>The steps done until then, over all epochs.</summary>
    public required long Step { get; init; }

    /// <summary>Unix time in milliseconds.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>The latest metrics at that step, a JSON object: losses in nats, accuracies 0 to 1.</summary>
    public required string Metrics { get; init; }
}
