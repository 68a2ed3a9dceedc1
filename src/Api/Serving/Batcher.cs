using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// Makes batches of the images of many requests. An image that finds the model idle runs at once; what comes while a batch runs is gathered, and
/// runs when that one is done. Each request writes its own slot, on its own thread; whoever completes a batch that can start runs it. The model is
/// freed with this.
/// </summary>
internal sealed class Batcher : IDisposable
{
    private readonly string model;
    private readonly Classifier classifier;
    private readonly Admission admission;
    private readonly DecodingBudget decoding;
    private readonly Metrics metrics;
    private readonly ModelStatistics statistics;
    private readonly Lock gate = new();

    // One is gathered while the other runs. After a change of sizes those that are under way are used no more.
    private Gathering[] current = [];
    private Gathering? open;
    private readonly Queue<Gathering> idle = [];
    private readonly Queue<TaskCompletionSource<Seat>> waiting = [];
    private readonly Queue<TaskCompletionSource> turns = [];
    private int coming, beingDecoded;
    private bool running, announced, isRetired;

    public Batcher(string model, Classifier classifier, Admission admission, DecodingBudget decoding, Metrics metrics, ModelStatistics statistics)
    {
        (this.model, this.classifier, this.admission, this.decoding, this.metrics, this.statistics) = (model, classifier, admission, decoding, metrics, statistics);
        Use([classifier.FixedBatch ?? 1]);
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

    /// <summary>Announces an image that is about to be decoded: what came while a batch ran is decoded and then runs together.</summary>
    public Arrival Expect()
    {
        lock (gate)
        {
            coming++;
        }

        return new(this);
    }

    /// <summary>Runs batches of these sizes from now on, smaller ones padded.</summary>
    public void Use(IReadOnlyList<int> sizes)
    {
        Gathering[] fresh = [new(classifier.CreateBatch(sizes)), new(classifier.CreateBatch(sizes))];
        var old = new List<Gathering>();
        lock (gate)
        {
            old.AddRange(idle);
            idle.Clear();
            current = fresh;
            idle.Enqueue(fresh[0]);
            if (open is { IsEmpty: false })
            {
                idle.Enqueue(fresh[1]);
            }
            else
            {
                old.AddRange(open is null ? [] : [open]);
                Open(fresh[1]);
            }
        }

        old.ForEach(batch => batch.Dispose());
    }

    /// <summary>Does something while no batch runs; requests wait meanwhile.</summary>
    public async Task Alone(Action work)
    {
        TaskCompletionSource? turn = null;
        lock (gate)
        {
            if (running)
            {
                turns.Enqueue(turn = new(TaskCreationOptions.RunContinuationsAsynchronously));
            }
            else
            {
                Begin();
            }
        }

        await (turn?.Task ?? Task.CompletedTask);
        try
        {
            work();
        }
        finally
        {
            Gathering? next;
            bool isLast;
            lock (gate)
            {
                running = false;
                next = Startable() ?? PassTurn();
                AnnounceEnd();
                isLast = isRetired && !running;
            }

            RunElsewhere(next);
            if (isLast)
            {
                Free();
            }
        }
    }

    /// <summary>Frees the model, after the run that is under way: a request that was given up has left, but its image may be in it. To be called once, by when nobody asks any more.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isRetired = true;
            if (running)
            {
                return;
            }
        }

        Free();
    }

    private void Free()
    {
        open?.Dispose();
        foreach (var batch in idle)
        {
            batch.Dispose();
        }

        classifier.Dispose();
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

    /// <summary>Says that an image is there, or will not come.</summary>
    internal void Arrived()
    {
        lock (gate)
        {
            coming--;
            RunElsewhere(Startable());
        }
    }

    /// <summary>Says that one of those expected is being decoded.</summary>
    internal void BeginDecoding()
    {
        lock (gate)
        {
            beingDecoded++;
        }
    }

    /// <summary>Says that one is decoded, or cannot be.</summary>
    internal void EndDecoding()
    {
        lock (gate)
        {
            beingDecoded--;
            RunElsewhere(Startable());
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

    private void Execute(Gathering batch)
    {
        batch.Run(model, admission, metrics, statistics);
        Gathering? next;
        bool stale, isLast;
        lock (gate)
        {
            running = false;
            stale = !current.Contains(batch);
            if (!stale)
            {
                idle.Enqueue(batch);
            }

            if (open is null)
            {
                Open(idle.TryDequeue(out var fresh) ? fresh : null);
            }

            next = PassTurn() ?? Startable();
            AnnounceEnd();
            isLast = isRetired && !running;
        }

        if (stale)
        {
            batch.Dispose();
        }

        RunElsewhere(next);
        if (isLast)
        {
            Free();
        }
    }

    // On another thread, so that the request that ran the last batch gets its answer now.
    private void RunElsewhere(Gathering? batch)
    {
        if (batch is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(Execute, batch, preferLocal: false);
        }
    }

    // The methods below are called under the gate.
    private Gathering? Startable()
    {
        if (running || open is not { IsComplete: true } start || beingDecoded > 0 || (coming > 0 && start.HasRoom))
        {
            return null;
        }

        Begin();
        Open(idle.TryDequeue(out var next) ? next : null);
        return start;
    }

    private Gathering? PassTurn()
    {
        if (!running && turns.TryDequeue(out var turn))
        {
            Begin();
            turn.SetResult();
        }

        return null;
    }

    private void Begin()
    {
        running = true;
        if (!announced)
        {
            decoding.RunStarts();
            announced = true;
        }
    }

    private void AnnounceEnd()
    {
        if (running)
        {
            decoding.RunGoesOn();
        }
        else
        {
            decoding.RunEnds();
            announced = false;
        }
    }

    private void Open(Gathering? batch)
    {
        open = batch;
        while (open is { HasRoom: true } && waiting.TryDequeue(out var seat))
        {
            seat.SetResult(open.Reserve());
        }
    }
}
