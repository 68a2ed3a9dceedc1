using System.Threading.Channels;
using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;

namespace Fovea.Api.Workers;

/// <summary>
/// The job that this worker holds, and its writes to the database. All writes go through one queue, in order, and are repeated while the
/// database cannot be reached. So nothing is lost, and the training need not wait. After another worker has taken the job or the job was
/// cancelled, nothing more is written.
/// </summary>
internal sealed class HeldJob : IAsyncDisposable
{
    private const int MostWaiting = 10_000, MostTogether = 100, MostFaults = 5;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1), LongestFarewell = TimeSpan.FromSeconds(10);

    private readonly JobStore store;
    private readonly long fence;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Channel<Write> waiting = Channel.CreateBounded<Write>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly CancellationTokenSource givingUp;
    private readonly CancellationTokenRegistration stopping;
    private readonly Task writing;
    private OperationCanceledException? lost;
    private Exception? fault;

    /// <summary>Starts writing for a job that this worker has taken.</summary>
    /// <param name="store">The store of all jobs.</param>
    /// <param name="taken">The job as it was when the worker took it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    /// <param name="stop">Cancelled when the service stops: writes are then repeated for another 10 s before they are given up.</param>
    public HeldJob(JobStore store, Job taken, TimeProvider time, ILogger log, CancellationToken stop)
    {
        (this.store, this.time, this.log, fence, Now) = (store, time, log, taken.Fence, taken);
        givingUp = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        stopping = stop.Register(() => givingUp.CancelAfter(LongestFarewell));
        writing = Task.Run(WriteAll, CancellationToken.None);
    }

    /// <summary>The job as it was after the last successful write.</summary>
    public Job Now { get; private set; }

    /// <summary>Queues a change of the job and returns without waiting for it, unless 10,000 writes are queued already.</summary>
    /// <param name="change">Changes the job. It may be called several times.</param>
    /// <param name="checkpoint">A checkpoint to save together with the change; null: none.</param>
    public ValueTask Post(Action<Job> change, JobCheckpoint? checkpoint = null) =>
        waiting.Writer.WriteAsync(new(change, checkpoint, Milliseconds, null));

    /// <summary>Changes the job after all changes queued before, and waits until the change is saved.</summary>
    /// <exception cref="OperationCanceledException">The worker no longer holds the job.</exception>
    public async Task Change(Action<Job> change)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await waiting.Writer.WriteAsync(new(change, null, Milliseconds, done));
        await done.Task;
    }

    /// <summary>Changes the job like <see cref="Change"/>, but only if the job is running.</summary>
    /// <exception cref="OperationCanceledException">The worker no longer holds the job, or the job is paused.</exception>
    public Task Advance(Action<Job> change) => Change(job =>
    {
        if (job.Status is not JobStatus.Running)
        {
            throw new OperationCanceledException($"{job.Id} is paused.");
        }

        change(job);
    });

    /// <summary>Waits until all queued changes are saved, and checks that the job is running and that this worker holds it.</summary>
    /// <exception cref="OperationCanceledException">The worker no longer holds the job, or the job is paused.</exception>
    public Task RequireRunning() => Advance(static _ => { });

    /// <summary>Returns the saved messages of the job's events that begin with a text.</summary>
    public async Task<HashSet<string>> Messages(string beginning, CancellationToken stop) =>
        [.. await store.Messages(Now.Id, beginning, stop)];

    /// <summary>Waits until all queued changes are saved, or have failed for good.</summary>
    public async ValueTask DisposeAsync()
    {
        waiting.Writer.Complete();
        await writing;
        await stopping.DisposeAsync();
        givingUp.Dispose();
    }

    private long Milliseconds => time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task WriteAll()
    {
        while (await waiting.Reader.WaitToReadAsync())
        {
            while (waiting.Reader.TryRead(out var first))
            {
                List<Write> together = [first];
                while (first.Done is null && together.Count < MostTogether && waiting.Reader.TryPeek(out var next) && next.Done is null)
                {
                    together.Add(next);
                    waiting.Reader.TryRead(out _);
                }

                await Save(together, first.Done);
            }
        }
    }

    private async Task Save(IReadOnlyList<Write> writes, TaskCompletionSource? done)
    {
        try
        {
            // No caller waits for the result of Post, so the exception of such a write goes to the next caller of Change.
            if (done is not null && ((Exception?)lost ?? Interlocked.Exchange(ref fault, null)) is { } earlier)
            {
                throw earlier;
            }

            Now = lost is null ? await SaveInTheEnd(writes) : Now;
            done?.SetResult();
        }
        catch (Exception e)
        {
            fault ??= done is null && lost is null ? e : null;
            done?.SetException(e);
        }
    }

    private async Task<Job> SaveInTheEnd(IReadOnlyList<Write> writes)
    {
        JobCheckpoint[] checkpoints = [.. writes.Select(write => write.Checkpoint).OfType<JobCheckpoint>()];
        IReadOnlyList<JobEvent> tried = [];
        for (int tries = 1, faults = 0; ; tries++)
        {
            try
            {
                // The connection may have broken after the database had committed, so the change may be saved although its call failed.
                return tried is [var first, ..] && await store.Has(first, givingUp.Token)
                    ? await store.Find(Now.Id, givingUp.Token)
                    : await store.Change(Now.Id, ChangeAll, givingUp.Token, checkpoints);
            }
            catch (ServiceException e) when (e.Error == ServiceError.UnknownJob)
            {
                throw lost = new OperationCanceledException($"{Now.Id} was deleted.", e);
            }
            catch (OperationCanceledException) when (givingUp.IsCancellationRequested)
            {
                throw lost = new OperationCanceledException($"The service stops before the progress of {Now.Id} can be saved.");
            }
            catch (Exception e) when (!StateDatabase.IsTaken(e)
                && (StateDatabase.IsAway(e) || (e is not OperationCanceledException and not RefusalException && ++faults < MostFaults)))
            {
                if (tries == 1)
                {
                    log.JobsUnreachable(StateDatabase.Reason(e));
                }
            }

            await Task.Delay(BetweenTries, time, givingUp.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        void ChangeAll(Job job)
        {
            if (job.Fence != fence)
            {
                throw lost = new OperationCanceledException($"{job.Id} was cancelled, or taken over by another worker.");
            }

            foreach (var write in writes)
            {
                job.At = write.At;
                write.Change(job);
            }

            tried = job.News;
        }
    }

    /// <param name="Change">Changes the job.</param>
    /// <param name="Checkpoint">A checkpoint to save together with the change; null: none.</param>
    /// <param name="At">The time of the change, Unix time in milliseconds.</param>
    /// <param name="Done">Completes when the change is saved; null: no caller waits.</param>
    private sealed record Write(Action<Job> Change, JobCheckpoint? Checkpoint, long At, TaskCompletionSource? Done);
}
