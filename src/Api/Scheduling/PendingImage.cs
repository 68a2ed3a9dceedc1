using System.Diagnostics;

namespace Fovea.Api.Scheduling;

/// <summary>An image that is written into its slot and waits for its logits.</summary>
/// <param name="writing">The time that decoding and writing the image took.</param>
/// <param name="stop">Cancelled when the client no longer waits for the answer.</param>
internal sealed class PendingImage(TimeSpan writing, CancellationToken stop)
{
    // Without RunContinuationsAsynchronously: the thread that completes the task goes on with the request, see AnsweredImages.
    private readonly TaskCompletionSource<float[]> source = new();
    private float[]? result;
    private Exception? failure;

    /// <summary>The time that decoding and writing the image took.</summary>
    public TimeSpan Writing => writing;

    /// <summary>Whether the client no longer waits for the answer.</summary>
    public bool IsAbandoned => stop.IsCancellationRequested;

    /// <summary>The time at which the image was written, a timestamp of <see cref="Stopwatch"/>.</summary>
    public long Since { get; } = Stopwatch.GetTimestamp();

    /// <summary>The tracing span of the request that sent the image.</summary>
    public ActivityContext Request { get; } = Activity.Current?.Context ?? default;

    /// <summary>Completes with the image's logits.</summary>
    public Task<float[]> Logits => source.Task;

    /// <summary>Cancels <see cref="Logits"/> as soon as the client no longer waits, until the result is disposed of.</summary>
    public CancellationTokenRegistration Watch() => stop.UnsafeRegister(static image => ((PendingImage)image!).Cancel(), this);

    /// <summary>Sets the logits of the image. <see cref="Complete"/> passes it on.</summary>
    public void Succeed(float[] logits) => result = logits;

    /// <summary>Sets the reason why the image's run failed. <see cref="Complete"/> passes it on.</summary>
    public void Fail(Exception reason) => failure = reason;

    /// <summary>
    /// Completes <see cref="Logits"/>, and goes on with the image's request on this thread. An image that has neither logits nor a failure
    /// was not run, because its client no longer waits.
    /// </summary>
    public void Complete()
    {
        if (failure is not null)
        {
            source.TrySetException(failure);
        }
        else if (result is not null)
        {
            source.TrySetResult(result);
        }
        else
        {
            Cancel();
        }
    }

    /// <summary>Cancels <see cref="Logits"/>.</summary>
    private void Cancel() => source.TrySetCanceled(stop);
}
