using System.Diagnostics;

namespace Fovea.Api.Serving;

/// <summary>
/// Limits the number of images that all requests decode at the same time, and the sum of their memory. An image that exceeds a limit waits;
/// images are admitted in the order of arrival, but small images may pass large ones.
/// </summary>
internal sealed class DecodingBudget(ServingSettings settings)
{
    // A smaller image takes well under a millisecond to decode, so it may pass waiting images.
    private const long SmallBytes = 512 << 10;

    // Small images do not pass an image that has waited longer than this. Otherwise an image that needs all of the memory might wait for
    // ever.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Queue<(long Bytes, long Since, TaskCompletionSource Granted)> waiting = [];
    private int decoders = settings.MaxConcurrency;
    private long left = settings.MaxDecodingBytes;

    /// <summary>
    /// Waits for a free decoder and this much memory, and holds both until the result is disposed of. An image that needs more than the
    /// whole memory budget takes the whole budget.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled, usually because the client is gone.</exception>
    public ValueTask<Share> Take(long bytes, CancellationToken stop)
    {
        bytes = Math.Min(bytes, settings.MaxDecodingBytes);
        lock (gate)
        {
            if (Fits(bytes) && MayPass(bytes))
            {
                Grant(bytes);
                return new(new Share(this, bytes));
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Enqueue((bytes, Stopwatch.GetTimestamp(), turn));
            return new(Wait(bytes, turn, stop));
        }
    }

    private async Task<Share> Wait(long bytes, TaskCompletionSource turn, CancellationToken stop)
    {
        try
        {
            await turn.Task.WaitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            // A share that was granted meanwhile is returned. In any case the next waiting image may fit now.
            bool wasGranted = !turn.TrySetCanceled(CancellationToken.None);
            lock (gate)
            {
                Return_NeedsLock(wasGranted ? 1 : 0, wasGranted ? bytes : 0);
            }

            throw;
        }

        return new(this, bytes);
    }

    private void Return(long bytes)
    {
        lock (gate)
        {
            Return_NeedsLock(1, bytes);
        }
    }

    private void Return_NeedsLock(int returned, long bytes)
    {
        decoders += returned;
        left += bytes;
        while (waiting.TryPeek(out var next) && (next.Granted.Task.IsCompleted || Fits(next.Bytes)))
        {
            waiting.Dequeue();
            if (next.Granted.TrySetResult())
            {
                Grant(next.Bytes);
            }
        }
    }

    private bool MayPass(long bytes) =>
        !waiting.TryPeek(out var first) || (bytes <= SmallBytes && Stopwatch.GetElapsedTime(first.Since) < Patience);

    private bool Fits(long bytes) => decoders > 0 && bytes <= left;

    private void Grant(long bytes)
    {
        decoders--;
        left -= bytes;
    }

    /// <summary>A decoder and memory that one image holds. Disposing returns both.</summary>
    internal readonly struct Share(DecodingBudget budget, long bytes) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => budget.Return(bytes);
    }
}
