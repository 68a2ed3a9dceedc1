using System.Diagnostics;

namespace Fovea.Api;

/// <summary>
/// Bounds what decoding takes, over all requests: how many images are decoded at once, and their memory together. An image for which too
/// little is left waits, in the order of coming.
/// </summary>
internal sealed class DecodingBudget(ServingSettings settings)
{
    // A smaller image is decoded in well under a millisecond, so it passes those that wait.
    private const long SmallBytes = 512 << 10;

    // But it passes no image that has waited longer than this: one that needs all of the memory would wait for ever.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Queue<(long Bytes, long Since, TaskCompletionSource Granted)> waiting = [];
    private int decoders = settings.MaxConcurrency;
    private long left = settings.MaxDecodingBytes;

    /// <summary>
    /// Takes a decoder and this much memory, until what is returned is disposed of. An image that needs more than all of the memory takes
    /// all of it.
    /// </summary>
    /// <exception cref="OperationCanceledException">The client has gone before its turn came.</exception>
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
            // Either the turn was granted meanwhile, and its share goes back; or it never will be, and those behind it may come first.
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

    /// <summary>A part of the budget, which goes back when it is disposed of.</summary>
    internal readonly struct Share(DecodingBudget budget, long bytes) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => budget.Return(bytes);
    }
}
