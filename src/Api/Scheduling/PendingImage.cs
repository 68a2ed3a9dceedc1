using System.Diagnostics;

namespace Fovea.Api.Scheduling;

/// <summary>An image that is written and has no answer yet.</summary>
/// <param name="Writing">How long writing it took.</param>
/// <param name="Stop">Cancelled when nobody waits for the answer any more.</param>
internal sealed record PendingImage(TimeSpan Writing, CancellationToken Stop)
{
    /// <summary>When it was written, a timestamp of <see cref="Stopwatch"/>.</summary>
    public long Since { get; } = Stopwatch.GetTimestamp();

    /// <summary>The span of the request whose image it is.</summary>
    public ActivityContext Request { get; } = Activity.Current?.Context ?? default;

    /// <summary>Completes with its logits.</summary>
    public TaskCompletionSource<float[]> Logits { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
