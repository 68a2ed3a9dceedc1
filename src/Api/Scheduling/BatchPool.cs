using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Api.Scheduling;

/// <summary>
/// The batches of a model. Images take slots in the open batch while other batches run. A batch is allocated when it is first needed, and
/// used again after its run. So there is at most one batch for each run that may be under way, and one open batch. Not thread-safe: the
/// caller holds the scheduler's lock.
/// </summary>
internal sealed class BatchPool : IDisposable
{
    private readonly Func<SessionSet, InferenceBatch> allocate;
    private readonly int slots;
    private readonly HashSet<ImageBatch> made = [];
    private readonly Stack<ImageBatch> idle = [];
    private readonly Queue<TaskCompletionSource<ImageSlot>> waiting = [];
    private int replacedInUse;
    private TaskCompletionSource? replaced;

    /// <param name="allocate">Allocates the memory of a batch.</param>
    /// <param name="slots">The number of runs that may be under way at the same time.</param>
    /// <param name="sessions">The sessions of the first batches.</param>
    public BatchPool(Func<SessionSet, InferenceBatch> allocate, int slots, SessionSet sessions)
    {
        (this.allocate, this.slots, Sessions) = (allocate, slots, sessions);
        OpenNext();
    }

    /// <summary>The sessions of the batches that are made from now on.</summary>
    public SessionSet Sessions { get; private set; }

    /// <summary>The batch that takes images; null if all batches are running.</summary>
    public ImageBatch? Open { get; private set; }

    /// <summary>Takes a slot in the open batch; null if no batch is open or the open batch is full.</summary>
    public ImageSlot? TryTakeSlot() => Open is { HasRoom: true } ? Open.Reserve() : null;

    /// <summary>
    /// Takes a batch for a lone image that runs at once, to be returned by <see cref="Return"/>. Null if the sessions are not used in this
    /// way (<see cref="SessionSet.RunsAtOnce"/>), or if all batches are in use.
    /// </summary>
    public ImageBatch? TakeForLoneImage() => Sessions.RunsAtOnce ? TakeEmpty() : null;

    /// <summary>Waits for a slot. The result's task completes with the slot. Cancelling the task ends the wait.</summary>
    public TaskCompletionSource<ImageSlot> WaitForSlot()
    {
        var turn = new TaskCompletionSource<ImageSlot>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Enqueue(turn);
        return turn;
    }

    /// <summary>
    /// Opens an empty batch, if there is one, and gives its slots to the waiting images. Call it only after the open batch was cut into
    /// slices.
    /// </summary>
    public void OpenNext()
    {
        Open = null;
        Open = TakeEmpty();
        while (Open is { HasRoom: true } && waiting.TryDequeue(out var turn))
        {
            if (!turn.Task.IsCompleted && !turn.TrySetResult(Open.Reserve()))
            {
                Open.GiveBackLast();
            }
        }
    }

    /// <summary>
    /// Takes back a batch whose images are answered. A batch of a session set that <see cref="Use"/> has replaced is freed.
    /// </summary>
    public void Return(ImageBatch batch)
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

    /// <summary>
    /// Gives these sessions to all later batches. The open batch, if it has images, still runs in the sessions that it began with.
    /// </summary>
    /// <returns>
    /// A task that completes when every batch of earlier sets is freed, so that the sessions of those sets can be disposed of.
    /// </returns>
    public Task Use(SessionSet sessions)
    {
        replacedInUse += made.Count - idle.Count;
        FreeIdle();
        made.Clear();
        Sessions = sessions;
        if (Open is { Count: 0 })
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

    /// <summary>Frees every batch. No batch may be running.</summary>
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

    private ImageBatch? TakeEmpty() => idle.TryPop(out var batch) ? batch : made.Count <= slots ? TryMake() : null;

    // Returns null if there is no memory for another batch; images then wait until a running batch is free.
    private ImageBatch? TryMake()
    {
        try
        {
            var batch = new ImageBatch(allocate(Sessions), Sessions);
            made.Add(batch);
            return batch;
        }
        catch (Exception e) when (e is OutOfMemoryException or OnnxRuntimeException && made.Count + replacedInUse > 0)
        {
            return null;
        }
    }

    private void FreeIdle()
    {
        while (idle.TryPop(out var batch))
        {
            batch.Dispose();
        }
    }
}
