using System.Diagnostics;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// Makes batches of the images of many requests. An image that finds the model idle runs at once, spread over all processors where that is faster, and
/// waits for a run that is nearly over where that is sooner still; so are a few, one after the other. Several are divided among the lanes, which run side by side; what comes while none
/// is free is gathered.
/// Where runs are short, what comes while the pool's threads are busy is gathered too. Each request writes its own slot, on its own thread. The model is freed with this.
/// </summary>
/// <remarks>
/// Side by side no run waits for another's threads, as the threads of one run do at every operator; so decoding may take processors from runs
/// without holding up more than one, and more images go through.
/// </remarks>
internal sealed class Batcher : IDisposable
{
    private readonly Classifier classifier;
    private readonly BatchPool pool;
    private readonly Lanes lanes = new();
    private readonly RunLog log;
    private readonly Queue<Part> divided = [];
    private readonly Lock gate = new();
    private Pace pace = new();
    private int coming;
    private bool isDue, isRetired;

    /// <param name="classifier">What is run; freed with this.</param>
    /// <param name="log">Where runs and images are counted.</param>
    public Batcher(Classifier classifier, RunLog log)
    {
        (this.classifier, this.log) = (classifier, log);
        pool = new(classifier);
    }

    // In seconds.
    private static double Now => Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    // Under the gate.
    private bool IsOver => isRetired && lanes.AllFree && divided.Count == 0 && !isDue;

    /// <summary>Runs one image; its logits.</summary>
    /// <param name="fill">Writes it into its slot.</param>
    /// <param name="stop">An image whose request has ended before its batch starts is left out.</param>
    public async Task<float[]> Run(Action<Span<float>> fill, CancellationToken stop)
    {
        ValueTask<Seat> place;
        lock (gate)
        {
            place = pool.TakeSeat();
        }

        var seat = await place;
        Task<float[]> logits;
        try
        {
            stop.ThrowIfCancellationRequested();
            logits = seat.Write(fill, stop);
        }
        finally
        {
            Settle(seat.Batch);
        }

        return await logits.WaitAsync(stop);
    }

    /// <summary>Announces an image that is about to be written, with others: a batch with room for it waits until it is there.</summary>
    public Arrival Expect()
    {
        lock (gate)
        {
            coming++;
        }

        return new(this);
    }

    /// <summary>Runs batches of these sizes from now on, side by side where the model does so by now; done when no batch from before is left.</summary>
    /// <param name="sizes">The sizes.</param>
    /// <param name="measured">How fast they are; without it no image waits for a run that is nearly over.</param>
    public async Task Use(IReadOnlyList<int> sizes, Pace? measured = null)
    {
        var replaced = Task.CompletedTask;
        await Alone(() =>
        {
            lock (gate)
            {
                replaced = pool.Use(sizes);
                lanes.Resize(classifier.Lanes);
                pace = measured ?? new();
            }
        });
        await replaced;
    }

    /// <summary>Does something while nothing runs; requests wait meanwhile.</summary>
    public async Task Alone(Action work)
    {
        Task turn;
        lock (gate)
        {
            turn = lanes.TakeAll();
        }

        await turn;
        try
        {
            work();
        }
        finally
        {
            End(lanes.Count, batch: null);
        }
    }

    /// <summary>Frees the model, after the runs that are under way: a request that was given up has left, but its image may be in one. To be called once, by when nobody asks any more.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isRetired = true;
            if (!IsOver)
            {
                return;
            }
        }

        Free();
    }

    /// <summary>Says that an image is there that was announced, or will not come.</summary>
    internal void Arrived()
    {
        Part[] parts;
        lock (gate)
        {
            coming--;
            parts = Start();
        }

        RunElsewhere(parts);
    }

    // Short runs cost much less together: what is there is run once the pool's threads have done what waits for them now, and brought their images.
    private void Settle(Gathering batch)
    {
        Part[] parts = [];
        bool becomesDue = false;
        lock (gate)
        {
            batch.Settle();
            if (log.RunsLong)
            {
                parts = Start();
            }
            else
            {
                (becomesDue, isDue) = (!isDue, true);
            }
        }

        RunElsewhere(parts);
        if (becomesDue)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static batcher => batcher.RunDue(), this, preferLocal: false);
        }
    }

    private void RunDue()
    {
        Part[] parts;
        bool isLast;
        lock (gate)
        {
            isDue = false;
            parts = Start();
            isLast = IsOver;
        }

        if (parts is [.. var others, var own])
        {
            RunElsewhere(others);
            Execute(own);
        }
        else if (isLast)
        {
            Free();
        }
    }

    private void Execute(Part part)
    {
        part.Batch.Run(part, log);
        End(part.Spread ? lanes.Count : 1, part.Batch);
    }

    private void End(int taken, Gathering? batch)
    {
        Part[] parts;
        bool isLast;
        lock (gate)
        {
            lanes.Give(taken);
            if (lanes.AllFree)
            {
                pace.Rest();
            }

            if (batch?.EndPart() == true)
            {
                pool.Return(batch);
            }

            parts = Start(beforeTurns: batch is null);
            lanes.PassTurn();
            isLast = IsOver;
        }

        RunElsewhere(parts);
        if (isLast)
        {
            Free();
        }
    }

    // On other threads, so that the request that ran the last batch gets its answer now. Long runs would keep the pool's few threads from requests.
    private void RunElsewhere(ReadOnlySpan<Part> parts)
    {
        foreach (var part in parts)
        {
            if (log.RunsLong)
            {
                new Thread(() => Execute(part)) { IsBackground = true, Name = "Run" }.UnsafeStart();
            }
            else
            {
                ThreadPool.UnsafeQueueUserWorkItem(Execute, part, preferLocal: false);
            }
        }
    }

    private void Free()
    {
        pool.Dispose();
        classifier.Dispose();
    }

    // Under the gate. Whoever waits for all lanes goes before the next run, and after what was gathered while somebody had all of them.
    private Part[] Start(bool beforeTurns = false)
    {
        Part[] starting = [];
        while (lanes.Free > 0 && (beforeTurns || !lanes.AreAwaited) && TryNext(out var part))
        {
            lanes.Take(part.Spread ? lanes.Count : 1);
            if (!part.Spread)
            {
                pace.Begin(part.Count, Now);
            }

            starting = [.. starting, part];
        }

        return starting;
    }

    // What has been gathered is divided among all lanes, and those that are busy take their share when they are free; a few images are rather spread one after the other.
    private bool TryNext(out Part part)
    {
        if (divided.Count == 0 && pool.Open is { IsComplete: true } batch && (coming == 0 || !batch.HasRoom))
        {
            bool oneByOne = pace.IsSoonerSpread(batch.Count, Now);
            if (oneByOne && !lanes.AllFree)
            {
                part = default;
                return false;
            }

            bool spread = lanes.AllFree && (oneByOne || batch.ShouldSpread(lanes.Count));
            int parts = oneByOne ? batch.Count : spread || !log.RunsLong ? 1 : lanes.Count;
            foreach (var share in batch.Split(parts, spread))
            {
                divided.Enqueue(share);
            }

            pool.OpenNext();
        }

        return divided.TryDequeue(out part);
    }
}
