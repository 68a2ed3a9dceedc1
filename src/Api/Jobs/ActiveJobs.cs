using Microsoft.EntityFrameworkCore;

namespace Fovea.Api.Jobs;

/// <summary>Reads the jobs that run or wait for a worker, and gives waiting jobs the ids of queue entries.</summary>
internal sealed class ActiveJobs(StateDatabase database, TimeProvider time)
{
    /// <summary>Returns the jobs that run, the oldest first.</summary>
    public async Task<IReadOnlyList<Job>> Running(CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Jobs.AsNoTracking().Where(job => job.Status == JobStatus.Running).OrderBy(job => job.Id).ToListAsync(stop);
    }

    /// <summary>
    /// Returns jobs that wait for a worker: first those without a queue entry, then those with one, and among both the oldest first.
    /// </summary>
    /// <param name="limit">The largest number of jobs to return.</param>
    /// <param name="stop">Cancels the query.</param>
    public async Task<IReadOnlyList<Job>> Waiting(int limit, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await WaitingJobs(context).AsNoTracking()
            .OrderBy(job => job.QueueEntry != null).ThenBy(job => job.Id).Take(limit).ToListAsync(stop);
    }

    /// <summary>
    /// Gives the oldest waiting jobs that have no queue entry the id of a new one, in one transaction. Several workers that do this at the
    /// same time get different jobs: each skips the rows that another one has locked.
    /// </summary>
    /// <param name="limit">The largest number of jobs to change.</param>
    /// <param name="enqueue">
    /// Adds the entries of the changed jobs to the queue. It is called before the commit: if it fails, or the process ends, no job names an
    /// entry that the queue does not have. An entry that no job names does no harm.
    /// </param>
    /// <param name="stop">Cancels the transaction.</param>
    /// <returns>The changed jobs.</returns>
    public async Task<IReadOnlyList<Job>> GiveEntries(int limit, Action<IReadOnlyList<Job>> enqueue, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        await using var transaction = await AnnouncedTransaction.Begin(context, [], stop);
        var rows = database.IsShared
            ? context.Jobs.FromSql(
                $"""
                SELECT * FROM "Jobs" WHERE "Status" IN ('ValidatingFiles', 'Queued') AND "QueueEntry" IS NULL
                ORDER BY "Id" LIMIT {limit} FOR UPDATE SKIP LOCKED
                """)
            : WaitingJobs(context).Where(job => job.QueueEntry == null).OrderBy(job => job.Id).Take(limit);
        var jobs = await rows.ToListAsync(stop);
        foreach (var job in jobs)
        {
            job.At = time.GetUtcNow().ToUnixTimeMilliseconds();
            job.Enter(Guid.NewGuid().ToString("N"));
            job.Revision++;
        }

        context.AddRange(jobs.SelectMany(job => job.News));
        if (jobs.Count > 0)
        {
            // This tells only those who follow the jobs. The workers are told after the commit.
            await AnnouncedTransaction.Add(context, [.. jobs.Select(job => job.Id)], stop);
            await context.SaveChangesAsync(stop);

            // A worker that takes an entry before the commit waits for the lock of the job's row, and then reads the row again.
            enqueue(jobs);
        }

        await transaction.CommitAsync(stop);
        return jobs;
    }

    /// <summary>Tells the workers of all processes that the queue has new entries. On SQLite, one process has all workers.</summary>
    public async Task AnnounceEntries(CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        await AnnouncedTransaction.Add(context, [JobNotice.OfQueue], stop);
    }

    private static IQueryable<Job> WaitingJobs(FineTuningContext context) =>
        context.Jobs.Where(job => job.Status == JobStatus.ValidatingFiles || job.Status == JobStatus.Queued);
}
