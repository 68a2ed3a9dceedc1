using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Api.Scheduling;

/// <summary>
/// The batches of a model, made when they are first needed and then used again: at most one for each run that may be under way, and one
/// more that is open. Images take slots in the open batch. Not for several threads at once.
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
    /// <param name="slots">The runs that may be under way at the same time.</param>
    /// <param name="sessions">The sessions that are used first.</param>
    public BatchPool(Func<SessionSet, InferenceBatch> allocate, int slots, SessionSet sessions)
    {
        (this.allocate, this.slots, Sessions) = (allocate, slots, sessions);
        OpenNext();
    }

    /// <summary>The sessions of the batches that are made from now on.</summary>
    public SessionSet Sessions { get; private set; }

    /// <summary>The batch that takes images; null where all are in use.</summary>
    public ImageBatch? Open { get; private set; }

    /// <summary>Takes a slot in the open batch; null where there is none.</summary>
    public ImageSlot? TryTakeSlot() => Open is { HasRoom: true } ? Open.Reserve() : null;

    /// <summary>Waits for a slot. The result completes with the slot; cancelling it gives up.</summary>
    public TaskCompletionSource<ImageSlot> WaitForSlot()
    {
        var turn = new TaskCompletionSource<ImageSlot>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Enqueue(turn);
        return turn;
    }

    /// <summary>
    /// Opens an empty batch, where there is one, and gives its slots to the images that wait. Call it only after the open batch was cut.
    /// </summary>
    public void OpenNext()
    {
        Open = null;
        Open = idle.TryPop(out var batch) ? batch : made.Count <= slots ? TryMake() : null;
        while (Open is { HasRoom: true } && waiting.TryDequeue(out var turn))
        {
            if (!turn.Task.IsCompleted && !turn.TrySetResult(Open.Reserve()))
            {
                Open.GiveBackLast();
            }
        }
    }

    /// <summary>Takes an empty batch back. A batch of a set that <see cref="Use"/> has replaced is freed.</summary>
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

    /// <summary>Makes batches of this set from now on. The open batch, if it has images, still runs in sessions of its own set.</summary>
    /// <returns>
    /// A task that completes when every batch of the sets before is freed, so that sessions of those sets can be disposed of.
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

    /// <summary>Frees every batch; none may be under way.</summary>
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

    // Without memory for another batch, images wait for one of those in use.
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
