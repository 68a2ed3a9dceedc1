namespace Fovea.Api;

/// <summary>
/// Bounds what decoding takes, over all requests: how many images are decoded at once, and their memory together. Whoever finds too little left
/// waits, in the order of coming. Large images are decoded between runs, not beside them.
/// </summary>
/// <remarks>
/// Decoder and run on the same cores cost more than both in turn: a run's threads wait for each other at every operator, so one that has lost its
/// core to a decoder stops the others too.
/// </remarks>
internal sealed class DecodingBudget(ServingSettings settings)
{
    /// <summary>An image that takes less than this is decoded in well under a millisecond, and waits for no run.</summary>
    public const long SmallBytes = 512 << 10;

    // So many runs in a row, and decoding gets a turn all the same: runs of tensors, which need no decoding, could go on for ever.
    private const int MostRunsInARow = 32;

    private readonly Lock gate = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Granted)> waiting = [];
    private int decoders = settings.MaxConcurrency, runs, runsInARow;
    private long left = settings.MaxDecodingBytes;

    /// <summary>Takes a decoder and this much memory, until what is returned is disposed of. An image that needs more than there is altogether takes all of it.</summary>
    /// <exception cref="OperationCanceledException">The client has gone before its turn came.</exception>
    public async ValueTask<Share> Take(long bytes, CancellationToken stop)
    {
        bytes = Math.Min(bytes, settings.MaxDecodingBytes);
        TaskCompletionSource turn;
        lock (gate)
        {
            if (Fits(bytes) && (bytes <= SmallBytes || (waiting.Count == 0 && runs == 0)))
            {
                Grant(bytes);
                return new(this, bytes);
            }

            turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Enqueue((bytes, turn));
        }

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

    /// <summary>Says that a model begins to run; whoever decodes goes on.</summary>
    public void RunStarts()
    {
        lock (gate)
        {
            runs++;
        }
    }

    /// <summary>Says that one run is followed by the next.</summary>
    public void RunGoesOn()
    {
        lock (gate)
        {
            if (waiting.Count > 0 && ++runsInARow >= MostRunsInARow)
            {
                GrantNext();
            }
        }
    }

    /// <summary>Says that a model has nothing more to run for now.</summary>
    public void RunEnds()
    {
        lock (gate)
        {
            runs--;
            GrantWaiting();
        }
    }

    private void Return(long bytes)
    {
        lock (gate)
        {
            decoders++;
            left += bytes;
            GrantWaiting();
        }
    }

    // The methods below are called under the gate.
    private void GrantWaiting()
    {
        while (runs == 0 && GrantNext())
        {
        }
    }

    private bool GrantNext()
    {
        if (!waiting.TryPeek(out var next) || !Fits(next.Bytes))
        {
            return false;
        }

        waiting.Dequeue();
        if (next.Granted.TrySetResult())
        {
            Grant(next.Bytes);
        }

        return true;
    }

    private bool Fits(long bytes) => decoders > 0 && bytes <= left;

    private void Grant(long bytes)
    {
        decoders--;
        left -= bytes;
        runsInARow = 0;
    }

    /// <summary>A part of the budget, which goes back when it is disposed of.</summary>
    internal readonly struct Share(DecodingBudget budget, long bytes) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => budget.Return(bytes);
    }
}
