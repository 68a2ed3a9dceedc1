using Fovea.Api.Jobs;
using Fovea.Models.Graphs;

namespace Fovea.Api.Workers;

/// <summary>
/// Finds jobs that would wait forever, and puts them back into the queue: running jobs whose worker is lost, and waiting jobs whose entry
/// the queue has lost. Every worker runs this, and several may do so at the same time.
/// </summary>
internal sealed class JobRecovery(
    StateDatabase database, JobStore store, ActiveJobs active, JobRunner runner, FineTuningSettings settings, TimeProvider time)
{
    // A waiting job's entry that reaches no worker for this time is lost. While a slot is free and a job waits, the worker looks into
    // the queue each second, so it would have received the entry long before.
    private static readonly TimeSpan EntryPatience = TimeSpan.FromSeconds(5);

    private readonly StandstillWatch leases = new(TimeSpan.FromSeconds(settings.TakeoverSeconds), time), entries = new(EntryPatience, time);

    /// <summary>Puts running jobs that no worker trains any more back into the queue.</summary>
    /// <param name="running">All jobs that run.</param>
    /// <param name="stop">Cancels the writes.</param>
    public async Task ReleaseLost(IReadOnlyList<Job> running, CancellationToken stop)
    {
        var others = running.Where(job => !runner.WorksAt(job.Id)).ToLookup(CanBeAlive);
        var silent = leases.Look(others[true].Select(job => (job.Id, $"{job.Fence} {job.Heartbeats}")));
        foreach (var job in others[false])
        {
            var what = job.Worker == runner.Worker ? "The worker has given the job up" : "The service was restarted";
            await Release(job, $"{what}. The job goes on from its last checkpoint.", stop);
        }

        foreach (var job in others[true].Where(job => silent.Contains(job.Id)))
        {
            var what = $"The worker was lost: it did not renew its lease for {settings.TakeoverSeconds} s";
            await Release(job, $"{what}. The job goes on from its last checkpoint.", stop);
        }
    }

    /// <summary>Removes lost queue entries from their jobs, so that the jobs are added to the queue again.</summary>
    /// <param name="oldest">
    /// Some waiting jobs: first those without an entry, then the oldest. Entries leave the queue in the order of their age.
    /// </param>
    /// <param name="stop">Cancels the writes.</param>
    /// <returns>
    /// Whether all these entries were lost, which shows that the queue hands out nothing. Then all waiting jobs have lost theirs.
    /// </returns>
    public async Task<bool> ForgetLostEntries(IReadOnlyList<Job> oldest, CancellationToken stop)
    {
        // While all slots of this worker are in use, it takes no entries from the queue, so an entry that stays is not lost.
        Job[] entered = runner.HasFreeSlot ? [.. oldest.Where(job => job.QueueEntry is not null)] : [];
        var lost = entries.Look(entered.Select(job => (job.Id, job.QueueEntry!)));
        bool isWhole = entered.Length > 0 && lost.Count == entered.Length;
        bool isFirst = await ForgetEntries(entered.Where(job => lost.Contains(job.Id)), stop);
        if (isWhole && isFirst)
        {
            // Another worker may have noticed the loss before. It then has added new entries already, which are not lost.
            await ForgetEntries(await active.Waiting(int.MaxValue, stop), stop);
        }

        return isWhole;
    }

    /// <summary>Removes the queue entries from jobs, so that the jobs are added to the queue again.</summary>
    /// <returns>Whether at least one of these jobs still waited with its entry.</returns>
    public async Task<bool> ForgetEntries(IEnumerable<Job> jobs, CancellationToken stop)
    {
        bool isAny = false;
        foreach (var (id, entry) in jobs.Select(job => (job.Id, job.QueueEntry)))
        {
            if (entry is not null)
            {
                bool isForgotten = false;
                await store.Change(id, now => isForgotten = now.ForgetEntry(entry), stop);
                isAny |= isForgotten;
            }
        }

        return isAny;
    }

    // Only this process works on the jobs of a database file. On a database server, another worker may be training the job.
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
