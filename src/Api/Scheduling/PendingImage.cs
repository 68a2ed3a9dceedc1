using System.Diagnostics;

namespace Fovea.Api.Scheduling;

/// <summary>An image that is written into its slot and waits for its logits.</summary>
/// <param name="Writing">The time that decoding and writing the image took.</param>
/// <param name="Stop">Cancelled when the client no longer waits for the answer.</param>
internal sealed record PendingImage(TimeSpan Writing, CancellationToken Stop)
{
    /// <summary>The time at which the image was written, a timestamp of <see cref="Stopwatch"/>.</summary>
    public long Since { get; } = Stopwatch.GetTimestamp();

    /// <summary>The tracing span of the request that sent the image.</summary>
    public ActivityContext Request { get; } = Activity.Current?.Context ?? default;

    /// <summary>Completes with the image's logits.</summary>
    public TaskCompletionSource<float[]> Logits { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
