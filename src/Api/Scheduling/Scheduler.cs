using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>Gathers the images of many requests into batches, and runs them.</summary>
/// <remarks>
/// <code>
/// a batch:   idle ──opened──► open ──cut──► running ──last slice has run──► idle, or freed if its session set was replaced
/// an image:  waits for a slot ──► takes a slot ──► is written ──► its slice is queued ──► runs ──► answered
///            or, if it is alone and runs are short: takes an idle batch ──► is written ──► runs on its request's thread ──► answered
/// the model: serves ──Dispose──► retired ──no run, no queued slice, no deferred start──► freed
/// </code>
/// Guarantees: each image is run once, in a session of its batch's own set, or is left out because its request was cancelled. Only one run
/// at a time holds an execution slot; runs on threads of requests hold none. The model is freed once, after its last run.
/// <see cref="SchedulingPolicy"/> decides the next step; this class keeps the state and carries the decision out. One lock guards the
/// state; no run, no callback and no allocation of sessions happens under the lock. Threads of requests call <see cref="Run"/> and <see
/// cref="Expect"/>, tuning calls <see cref="Use"/>, and the last holder of the model calls <see cref="Dispose"/> once. Methods that need
/// the lock end in _NeedsLock.
/// </remarks>
internal sealed class Scheduler : IDisposable
{
    private readonly Lock gate = new();
    private readonly ExecutionSlots slots;
    private readonly BatchPool pool;
    private readonly RunLog log;
    private readonly Action free;
    private readonly Action<BatchSlice> execute;
    private readonly Queue<BatchSlice> queued = [];
    private readonly AnsweredImages answers = new();
    private int expected;
    private bool isStartDeferred, isRetired;

    /// <param name="allocate">Allocates the memory of a batch.</param>
    /// <param name="slots">
    /// The number of execution slots, at least 1. A run on one core holds one slot; a run that is spread over all cores holds all slots.
    /// </param>
    /// <param name="sessions">The sessions of the first batches.</param>
    /// <param name="log">Counts runs and images.</param>
    /// <param name="free">Frees the sessions and the model. Called once, when the model is retired and its batches are freed.</param>
    public Scheduler(Func<SessionSet, InferenceBatch> allocate, int slots, SessionSet sessions, RunLog log, Action free)
    {
        (this.slots, this.log, this.free, execute) = (new(slots), log, free, Execute);
        pool = new(allocate, slots, sessions);
    }

    /// <summary>Called before each transition, outside the lock; null: nothing is called. Tests add delays here to provoke races.</summary>
    internal static Action<Transition>? Before { get; set; }

    /// <summary>The exploration that chooses trials for batches of requests; null while the model is not being tuned.</summary>
    public Exploration? Exploration { get; set; }

    /// <summary>The sessions of the batches that are made from now on.</summary>
    public SessionSet Sessions
    {
        get
        {
            lock (gate)
            {
                return pool.Sessions;
            }
        }
    }

    /// <summary>Runs one image, possibly in a batch with images of other requests. Returns its logits.</summary>
    /// <param name="fill">Writes the image into its slot, on the calling thread.</param>
    /// <param name="stop">If this is cancelled before the image's run, the image is left out of the run.</param>
    public Task<float[]> Run(Action<Span<float>> fill, CancellationToken stop)
    {
        ImageBatch? own;
        lock (gate)
        {
            // Announced images arrive together, so they are worth a batch. And a trial of tuning needs a batch of requests.
            own = log.HasLoneRequest && expected == 0 && Exploration is null ? pool.TakeForLoneImage() : null;
        }

        return own is null ? RunGathered(fill, stop) : RunAtOnce(own, fill, stop);
    }

    private Task<float[]> RunAtOnce(ImageBatch batch, Action<Span<float>> fill, CancellationToken stop)
    {
        Before?.Invoke(Transition.SliceRuns);
        try
        {
            return batch.RunAtOnce(fill, log, stop);
        }
        finally
        {
            Before?.Invoke(Transition.SliceEnds);
            lock (gate)
            {
                pool.Return(batch);
            }
        }
    }

    private async Task<float[]> RunGathered(Action<Span<float>> fill, CancellationToken stop)
    {
        ImageSlot? place;
        TaskCompletionSource<ImageSlot>? turn;
        lock (gate)
        {
            place = pool.TryTakeSlot();
            turn = place is null ? pool.WaitForSlot() : null;
        }

        var slot = place ?? await Wait(turn!, stop);
        Before?.Invoke(Transition.ImageIsWritten);
        PendingImage image;
        try
        {
            stop.ThrowIfCancellationRequested();
            image = slot.Write(fill, stop);
        }
        finally
        {
            Settle(slot.Batch);
        }

        using var watch = image.Watch();
        return await image.Logits;
    }

    // A request that is cancelled while it waits for a slot stops waiting at once. If it got a slot meanwhile, the slot stays empty.
    private async Task<ImageSlot> Wait(TaskCompletionSource<ImageSlot> turn, CancellationToken stop)
    {
        try
        {
            return await turn.Task.WaitAsync(stop);
        }
        catch (OperationCanceledException) when (!turn.TrySetCanceled(CancellationToken.None))
        {
            Settle((await turn.Task).Batch);
            throw;
        }
    }

    /// <summary>
    /// Announces an image of a request with several images. An open batch with room waits until the returned object is disposed of, so that
    /// the images run together.
    /// </summary>
    public ExpectedImage Expect()
    {
        lock (gate)
        {
            expected++;
        }

        return new(this);
    }

    /// <summary>Runs new batches in the sessions of this set from now on.</summary>
    /// <returns>
    /// A task that completes when no batch uses earlier sets any more. Sessions that only those sets contain can then be disposed of.
    /// </returns>
    public Task Use(SessionSet sessions)
    {
        Before?.Invoke(Transition.SessionsChange);
        lock (gate)
        {
            return pool.Use(sessions);
        }
    }

    /// <summary>
    /// Frees the model after the runs that are under way. A run may be under way although no request waits for it, because a cancelled
    /// request leaves its image in the run. Call this once, when no request holds the model.
    /// </summary>
    public void Dispose()
    {
        Before?.Invoke(Transition.SchedulerIsFreed);
        lock (gate)
        {
            isRetired = true;
            if (!IsOver_NeedsLock)
            {
                return;
            }
        }

        Free();
    }

    /// <summary>Called by <see cref="ExpectedImage"/> when an announced image is written or given up.</summary>
    internal void Arrived()
    {
        var starting = new StartingSlices();
        lock (gate)
        {
            expected--;
            Start_NeedsLock(ref starting);
        }

        starting.RunElsewhere(execute, log.RunsLong);
    }

    private bool IsOver_NeedsLock => isRetired && slots.AreFree && queued.Count == 0 && !isStartDeferred;

    // Several images in one short run take much less time than several short runs. So the start of a short run is queued in the thread pool
    // behind the work that is queued there now, and requests in that work can join the batch.
    private void Settle(ImageBatch batch)
    {
        Before?.Invoke(Transition.BatchIsComplete);
        var starting = new StartingSlices();
        bool defers = false;
        lock (gate)
        {
            batch.Settle();
            if (log.RunsLong)
            {
                Start_NeedsLock(ref starting);
            }
            else
            {
                (defers, isStartDeferred) = (!isStartDeferred, true);
            }
        }

        starting.RunElsewhere(execute, log.RunsLong);
        if (defers)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static scheduler => scheduler.StartDeferred(), this, preferLocal: false);
        }
    }

    private void StartDeferred()
    {
        Before?.Invoke(Transition.BatchIsCut);
        var starting = new StartingSlices();
        bool isOver;
        lock (gate)
        {
            isStartDeferred = false;
            Start_NeedsLock(ref starting);
            isOver = IsOver_NeedsLock;
        }

        if (starting.TakeLast() is { } own)
        {
            starting.RunElsewhere(execute, log.RunsLong);
            Execute(own);
        }
        else if (isOver)
        {
            Free();
        }
    }

    private void Execute(BatchSlice slice)
    {
        Before?.Invoke(Transition.SliceRuns);
        if (slice.Batch.Run(slice, log, answers) is { } result && Exploration is { } exploration)
        {
            exploration.Record(result);
        }

        Before?.Invoke(Transition.SliceEnds);
        var starting = new StartingSlices();
        bool isOver;
        lock (gate)
        {
            slots.Return(slice.SlotsOf(slots.All));
            if (slice.Batch.EndSlice())
            {
                pool.Return(slice.Batch);
            }

            Start_NeedsLock(ref starting);
            isOver = IsOver_NeedsLock;
        }

        starting.RunElsewhere(execute, log.RunsLong);
        answers.CompleteAfter(log.RunsLong);
        if (isOver)
        {
            Free();
        }
    }

    private void Free()
    {
        pool.Dispose();
        free();
    }

    private void Start_NeedsLock(ref StartingSlices starting)
    {
        while (true)
        {
            var state = State_NeedsLock();
            var decision = SchedulingPolicy.Decide(state);
            switch (decision.Step)
            {
                case Step.Wait:
                    return;
                case Step.Cut:
                    Cut_NeedsLock(decision, state);
                    break;
                default:
                    var slice = queued.Dequeue();
                    slots.Take(slice.SlotsOf(slots.All), slice.Count * slice.Batch.Sessions.OneSlotSeconds);
                    starting.Add(slice);
                    break;
            }
        }
    }

    private void Cut_NeedsLock(Decision decision, SchedulingState state)
    {
        var batch = pool.Open!;
        if (Exploration is { } exploration && NextTrial(exploration, batch, state) is { } trial)
        {
            batch.Cut(new(Step.Cut, Size: trial.Size), batch.Sessions.Find(trial.Kind)!, isTimed: true, queued);
        }
        else
        {
            batch.Cut(decision, batch.Sessions.For(decision.Spread), isTimed: false, queued);
        }

        pool.OpenNext();
    }

    private static Trial? NextTrial(Exploration exploration, ImageBatch batch, SchedulingState state) => exploration.Next(
        trial => SchedulingPolicy.AllowsTrial(state, trial.Size, trial.Kind.Spread) && batch.Sessions.Find(trial.Kind) is not null);

    private SchedulingState State_NeedsLock()
    {
        var batch = pool.Open;
        var sessions = batch?.Sessions ?? pool.Sessions;
        return new()
        {
            Slots = slots.All,
            FreeSlots = slots.Free,
            QueuedSlots = queued.TryPeek(out var next) ? next.SlotsOf(slots.All) : 0,
            Images = batch?.Count ?? 0,
            RunSize = batch?.RunSize ?? 0,
            AllWritten = batch?.AllWritten ?? true,
            HasRoom = batch?.HasRoom ?? false,
            Expected = expected,
            CanBeSliced = batch?.CanBeSliced ?? true,
            HasSpreadSession = sessions.Spread is not null,
            HasOneSlotSession = sessions.OneSlot.Count > 0,
            RunsAreLong = log.RunsLong,
            LargestSlice = sessions.LargestSlice,
            LastSeconds = log.SecondsPerImage,
            OneSlotSeconds = sessions.OneSlotSeconds,
            SpreadSeconds = sessions.SpreadSeconds,
            SecondsUntilFree = slots.SecondsUntilFree,
        };
    }
}
