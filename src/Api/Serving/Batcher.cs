using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// Makes batches of the images of many requests. An image that finds the model idle runs at once; what comes while a batch runs is gathered, and
/// runs when that one is done. Each request writes its own slot, on its own thread; whoever completes a batch that can start runs it.
/// </summary>
internal sealed class Batcher : IDisposable
{
    private readonly Lock gate = new();
    private readonly Stack<Gathering> idle = [];
    private readonly Queue<TaskCompletionSource<Seat>> waiting = [];
    private Gathering? open;
    private bool running;

    public Batcher(Classifier classifier)
    {
        // One is gathered while the other runs.
        idle.Push(new(classifier.CreateBatch(1)));
        open = new(classifier.CreateBatch(1));
    }

    /// <summary>Runs one image; its logits.</summary>
    /// <param name="fill">Writes it into its slot.</param>
    /// <param name="stop">An image whose request has ended before its batch starts is left out.</param>
    public async Task<float[]> Run(Action<Span<float>> fill, CancellationToken stop)
    {
        var seat = await TakeSeat();
        Task<float[]> logits;
        try
        {
            stop.ThrowIfCancellationRequested();
            fill(seat.Slot);
            logits = seat.Occupy(stop);
        }
        finally
        {
            Settled(seat.Batch);
        }

        return await logits.WaitAsync(stop);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        open?.Dispose();
        foreach (var batch in idle)
        {
            batch.Dispose();
        }
    }

    private ValueTask<Seat> TakeSeat()
    {
        lock (gate)
        {
            if (open is { HasRoom: true })
            {
                return new(open.Reserve());
            }

            var seat = new TaskCompletionSource<Seat>(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Enqueue(seat);
            return new(seat.Task);
        }
    }

    private void Settled(Gathering batch)
    {
        Gathering? start;
        lock (gate)
        {
            batch.Settle();
            start = Startable();
        }

        if (start is not null)
        {
            Execute(start);
        }
    }

    // To be called under the gate.
    private Gathering? Startable()
    {
        if (running || open is not { IsComplete: true })
        {
            return null;
        }

        var start = open;
        running = true;
        Open(idle.TryPop(out var next) ? next : null);
        return start;
    }

    // To be called under the gate.
    private void Open(Gathering? batch)
    {
        open = batch;
        while (open is { HasRoom: true } && waiting.TryDequeue(out var seat))
        {
            seat.SetResult(open.Reserve());
        }
    }

    private void Execute(Gathering batch)
    {
        batch.Run();
        Gathering? next;
        lock (gate)
        {
            running = false;
            if (open is null)
            {
                Open(batch);
            }
            else
            {
                idle.Push(batch);
            }

            next = Startable();
        }

        if (next is not null)
        {
            // On another thread, so that the request that ran this batch gets its answer now.
            ThreadPool.UnsafeQueueUserWorkItem(Execute, next, preferLocal: false);
        }
    }
}
