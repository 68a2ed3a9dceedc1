using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// The batches of a model, made when they are first needed and then used again: one for each lane, and one that is open, in which images take
/// seats. Not for several threads at once.
/// </summary>
internal sealed class BatchPool : IDisposable
{
    private readonly Classifier classifier;
    private readonly HashSet<Gathering> made = [];
    private readonly Stack<Gathering> idle = [];
    private readonly Queue<TaskCompletionSource<Seat>> waiting = [];
    private IReadOnlyList<int> sizes;
    private int replacedInUse;
    private TaskCompletionSource? replaced;

    public BatchPool(Classifier classifier)
    {
        (this.classifier, sizes) = (classifier, [classifier.FixedBatch ?? 1]);
        OpenNext();
    }

    /// <summary>The batch that takes images; null where all are in use.</summary>
    public Gathering? Open { get; private set; }

    /// <summary>A seat in the open batch, as soon as there is one.</summary>
    public ValueTask<Seat> TakeSeat()
    {
        if (Open is { HasRoom: true })
        {
            return new(Open.Reserve());
        }

        var seat = new TaskCompletionSource<Seat>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Enqueue(seat);
        return new(seat.Task);
    }

    /// <summary>Opens an empty batch, where there is one, and seats those that wait; the batch that was open is under way by now.</summary>
    public void OpenNext()
    {
        Open = idle.TryPop(out var batch) ? batch : made.Count <= classifier.Lanes ? Make() : null;
        while (Open is { HasRoom: true } && waiting.TryDequeue(out var seat))
        {
            seat.SetResult(Open.Reserve());
        }
    }

    /// <summary>Takes an empty batch back; one that was made before the last <see cref="Use"/> is freed.</summary>
    public void Return(Gathering batch)
    {
        if (made.Contains(batch))
        {
            idle.Push(batch);
        }
        else
        {
            batch.Dispose();
            replacedInUse--;
            EndReplacing();
        }

        if (Open is null)
        {
            OpenNext();
        }
    }

    /// <summary>Makes batches of these sizes from now on.</summary>
    /// <returns>Done when all that were made before are freed.</returns>
    public Task Use(IReadOnlyList<int> newSizes)
    {
        replacedInUse += made.Count - idle.Count;
        FreeIdle();
        made.Clear();
        sizes = newSizes;
        if (Open is { IsEmpty: true })
        {
            Open.Dispose();
            replacedInUse--;
            OpenNext();
        }

        replaced ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
        var done = replaced.Task;
        EndReplacing();
        return done;
    }

    /// <summary>Frees all; none may be under way.</summary>
    public void Dispose()
    {
        Open?.Dispose();
        FreeIdle();
    }

    private void EndReplacing()
    {
        if (replacedInUse == 0)
        {
            replaced?.SetResult();
            replaced = null;
        }
    }

    private Gathering Make()
    {
        var batch = new Gathering(classifier.CreateBatch(sizes));
        made.Add(batch);
        return batch;
    }

    private void FreeIdle()
    {
        while (idle.TryPop(out var batch))
        {
            batch.Dispose();
        }
    }
}
