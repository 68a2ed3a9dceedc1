namespace Fovea.Api;

/// <summary>
/// Bounds what decoding takes, over all requests: how many images are decoded at once, and their memory together. Whoever finds too little left
/// waits, in the order of coming.
/// </summary>
internal sealed class DecodingBudget(ServingSettings settings)
{
    // An image that takes less is decoded in well under a millisecond, so it passes those that wait.
    private const long SmallBytes = 512 << 10;

    private readonly Lock gate = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Granted)> waiting = [];
    private int decoders = settings.MaxConcurrency;
    private long left = settings.MaxDecodingBytes;

    /// <summary>Takes a decoder and this much memory, until what is returned is disposed of. An image that needs more than there is altogether takes all of it.</summary>
    /// <exception cref="OperationCanceledException">The client has gone before its turn came.</exception>
    public ValueTask<Share> Take(long bytes, CancellationToken stop)
    {
        bytes = Math.Min(bytes, settings.MaxDecodingBytes);
        lock (gate)
        {
            if (Fits(bytes) && (bytes <= SmallBytes || waiting.Count == 0))
            {
                Grant(bytes);
                return new(new Share(this, bytes));
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Enqueue((bytes, turn));
            return new(Wait(bytes, turn, stop));
        }
    }

    private async Task<Share> Wait(long bytes, TaskCompletionSource turn, CancellationToken stop)
    {
        try
        {
            await turn.Task.WaitAsync(stop);
        }
        catch when (!turn.TrySetCanceled(CancellationToken.None))
        {
            Return(bytes);
            throw;
        }

        return new(this, bytes);
    }

    private void Return(long bytes)
    {
        lock (gate)
        {
            decoders++;
            left += bytes;
            while (waiting.TryPeek(out var next) && Fits(next.Bytes))
            {
                waiting.Dequeue();
                if (next.Granted.TrySetResult())
                {
                    Grant(next.Bytes);
                }
            }
        }
    }

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
