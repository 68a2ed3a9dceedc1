using System.Diagnostics;
using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>Gathers the images of many requests into batches, and runs them.</summary>
/// <remarks>
/// <code>
/// a batch:   idle ──opened──► open ──cut──► under way ──last slice has run──► idle, or freed where its session set was replaced
/// an image:  waits for a slot ──► takes a slot ──► is written ──► its slice is queued ──► runs ──► answered
/// the model: serves ──Dispose──► retired ──no run, no queued slice, no deferred start──► freed
/// </code>
/// Guarantees: each image is run once, in a session of its batch's own set, or is left out because nobody waits for it; a slot is held by
/// one run at a time; the model is freed once, after its last run. What happens next is decided by <see cref="SchedulingPolicy"/>; this
/// class only keeps the state and does what was decided. One lock guards the state; no run, no callback and no allocation of sessions
/// happens under it. <see cref="Run"/> and <see cref="Expect"/> are called on threads of requests, <see cref="Use"/> by tuning, <see
/// cref="Dispose"/> once, by the last holder of the model. Methods that need the lock end in _NeedsLock.
/// </remarks>
internal sealed class Scheduler : IDisposable
{
    private readonly Lock gate = new();
    private readonly int slots;
    private readonly BatchPool pool;
    private readonly RunLog log;
    private readonly Action free;
    private readonly Queue<BatchSlice> queued = [];
    private int freeSlots, expected;
    private double freeAt;
    private bool isStartDeferred, isRetired;

    /// <param name="allocate">Allocates the memory of a batch.</param>
    /// <param name="slots">The runs that may be under way at the same time; a spread run holds all of them. At least 1.</param>
    /// <param name="sessions">The sessions that are used first.</param>
    /// <param name="log">Counts runs and images.</param>
    /// <param name="free">
    /// Frees the sessions and the model, after the batches. Called once, after <see cref="Dispose"/> and the last run.
    /// </param>
    public Scheduler(Func<SessionSet, InferenceBatch> allocate, int slots, SessionSet sessions, RunLog log, Action free)
    {
        (this.slots, freeSlots, this.log, this.free) = (slots, slots, log, free);
        pool = new(allocate, slots, sessions);
    }

    /// <summary>Called before each transition, outside the lock. Tests delay here, so that races become likely.</summary>
    internal static Action<Transition>? Before { get; set; }

    /// <summary>Asks for trials on the batches that requests make; null while the model is not explored.</summary>
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

    /// <summary>Runs one image, together with others. Returns its logits.</summary>
    /// <param name="fill">Writes the image into its slot, on the calling thread.</param>
    /// <param name="stop">If it is cancelled before the image's run, the image is left out of the run.</param>
    public async Task<float[]> Run(Action<Span<float>> fill, CancellationToken stop)
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
        Task<float[]> logits;
        try
        {
            stop.ThrowIfCancellationRequested();
            logits = slot.Write(fill, stop);
        }
        finally
        {
            Settle(slot.Batch);
        }

        return await logits.WaitAsync(stop);
    }

    // A request that is given up while it waits for a slot leaves at once. If it has been given a slot meanwhile, the slot stays empty.
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
    /// Announces an image that is about to be written together with others. A batch with room for it waits until the returned object is
    /// disposed.
    /// </summary>
    public ExpectedImage Expect()
    {
        lock (gate)
        {
            expected++;
        }

        return new(this);
    }

    /// <summary>Runs new batches in sessions of this set from now on.</summary>
    /// <returns>A task that completes when the sessions of the sets before, unless they are in this one too, can be disposed of.</returns>
    public Task Use(SessionSet sessions)
    {
        Before?.Invoke(Transition.SessionsChange);
        lock (gate)
        {
            return pool.Use(sessions);
        }
    }

    /// <summary>
    /// Frees the model after the runs that are under way: a request that was given up has left, but its image may be in a run. Call
    /// this once, when no request holds the model.
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

    /// <summary>Notes that an announced image is written, or will not come.</summary>
    internal void Arrived()
    {
        var starting = new StartingSlices();
        lock (gate)
        {
            expected--;
            Start_NeedsLock(ref starting);
        }

        RunElsewhere(ref starting);
    }

    private bool IsOver_NeedsLock => isRetired && freeSlots == slots && queued.Count == 0 && !isStartDeferred;

    // In seconds.
    private static double Now => Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    // Short runs cost much less together. So the start is deferred behind the work that the thread pool has queued now: those requests can
    // join the batch.
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

        RunElsewhere(ref starting);
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
            RunElsewhere(ref starting);
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
        if (slice.Batch.Run(slice, log) is { } result && Exploration is { } exploration)
        {
            exploration.Record(result);
        }

        Before?.Invoke(Transition.SliceEnds);
        var starting = new StartingSlices();
        bool isOver;
        lock (gate)
        {
            freeSlots += slice.SlotsOf(slots);
            if (slice.Batch.EndSlice())
            {
                pool.Return(slice.Batch);
            }

            Start_NeedsLock(ref starting);
            isOver = IsOver_NeedsLock;
        }

        RunElsewhere(ref starting);
        if (isOver)
        {
            Free();
        }
    }

    // On other threads, so that the request that ran the last slice gets its answer now. A long run gets a thread of its own: it would keep
    // the pool's few threads from requests.
    private void RunElsewhere(ref StartingSlices starting)
    {
        while (starting.TakeLast() is { } slice)
        {
            if (log.RunsLong)
            {
                new Thread(() => Execute(slice)) { IsBackground = true, Name = "Run" }.UnsafeStart();
            }
            else
            {
                ThreadPool.UnsafeQueueUserWorkItem(Execute, slice, preferLocal: false);
            }
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
                    starting.Add(Begin_NeedsLock());
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

    private BatchSlice Begin_NeedsLock()
    {
        var slice = queued.Dequeue();
        double othersEnd = freeSlots == slots ? 0 : freeAt;
        freeAt = Math.Max(othersEnd, Now + (slice.Count * slice.Batch.Sessions.OneSlotSeconds));
        freeSlots -= slice.SlotsOf(slots);
        return slice;
    }

    private SchedulingState State_NeedsLock()
    {
        var batch = pool.Open;
        var sessions = batch?.Sessions ?? pool.Sessions;
        return new()
        {
            Slots = slots,
            FreeSlots = freeSlots,
            QueuedSlots = queued.TryPeek(out var next) ? next.SlotsOf(slots) : 0,
            Images = batch?.Count ?? 0,
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
            SecondsUntilFree = freeSlots == slots ? 0 : Math.Max(0, freeAt - Now),
        };
    }
}
