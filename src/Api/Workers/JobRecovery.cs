using Fovea.Api.Jobs;
using Fovea.Models.Graphs;

namespace Fovea.Api.Workers;

/// <summary>
/// Finds jobs that would wait forever, and puts them back into the queue. Every worker does this, whatever the queue says: running jobs
/// whose worker is lost, and waiting jobs whose entry the queue has lost. Several workers may do it at the same time.
/// </summary>
internal sealed class JobRecovery(StateDatabase database, JobStore store, JobRunner runner, FineTuningSettings settings, TimeProvider time)
{
    // The queue is asked each second, so a worker with a free slot would have received an entry long before.
    private static readonly TimeSpan EntryPatience = TimeSpan.FromSeconds(5);

    private readonly StandstillWatch leases = new(TimeSpan.FromSeconds(settings.TakeoverSeconds), time), entries = new(EntryPatience, time);

    /// <summary>Releases running jobs that no worker works at.</summary>
    /// <param name="active">All jobs that wait or run.</param>
    /// <param name="stop">Cancels the writes.</param>
    public async Task ReleaseLost(IReadOnlyList<Job> active, CancellationToken stop)
    {
        var others = active.Where(job => job.Status is JobStatus.Running && !runner.WorksAt(job.Id)).ToLookup(CanBeAlive);
        var silent = leases.Look(others[true].Select(job => (job.Id, $"{job.Fence} {job.Heartbeats}")));
        foreach (var job in others[false])
        {
            var what = job.Worker == runner.Worker ? "The worker has given the job up" : "The service was restarted";
            await Release(job, $"{what}; the job goes on from its last checkpoint.", stop);
        }

        foreach (var job in others[true].Where(job => silent.Contains(job.Id)))
        {
            var what = $"The worker was lost: it gave no sign of life for {settings.TakeoverSeconds} s";
            await Release(job, $"{what}. The job goes on from its last checkpoint.", stop);
        }
    }

    /// <summary>Forgets the entries that the queue has lost, so that their jobs are entered again.</summary>
    /// <param name="active">All jobs that wait or run.</param>
    /// <param name="stop">Cancels the writes.</param>
    /// <returns>Whether there were any.</returns>
    public async Task<bool> ForgetLostEntries(IReadOnlyList<Job> active, CancellationToken stop)
    {
        // Entries that wait while all slots are in use may be in the queue.
        var waiting = runner.HasFreeSlot ? active.Where(job => job.IsWaiting && job.QueueEntry is not null) : [];
        var lost = entries.Look(waiting.Select(job => (job.Id, job.QueueEntry!)));
        await ForgetEntries([.. active.Where(job => lost.Contains(job.Id))], stop);
        return lost.Count > 0;
    }

    /// <summary>Forgets the entries of all waiting jobs.</summary>
    public async Task ForgetEntries(IReadOnlyList<Job> active, CancellationToken stop)
    {
        foreach (var (id, entry) in active.Where(job => job.IsWaiting).Select(job => (job.Id, job.QueueEntry)))
        {
            if (entry is not null)
            {
                await store.Change(id, now => now.ForgetEntry(entry), stop);
            }
        }
    }

    // A database file has one worker, this process. On a server, the other workers' jobs may be in good hands.
    private bool CanBeAlive(Job job) => database.IsShared && job.Worker != runner.Worker;

    private Task<Job> Release(Job seen, string reason, CancellationToken stop) => store.Change(
        seen.Id,
        now =>
        {
            if ((now.Fence, now.Heartbeats) == (seen.Fence, seen.Heartbeats))
            {
                now.Release(reason);
            }
        },
        stop);
}
