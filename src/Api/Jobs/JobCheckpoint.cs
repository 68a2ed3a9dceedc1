
namespace Fovea.Api.Jobs;

/// <summary>A training step after which the state of training was saved, so that training can continue from it.</summary>
internal sealed class JobCheckpoint
{
    /// <summary>The id of the job.</summary>
    public required string JobId { get; init; }

    /// <summary>The number of training steps done so far, over all epochs.</summary>
    public required long Step { get; init; }

    /// <summary>The time of the checkpoint, Unix time in milliseconds.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>The latest metrics at that step, a JSON object: losses in nats, accuracies 0 to 1.</summary>
    public required string Metrics { get; init; }
}
