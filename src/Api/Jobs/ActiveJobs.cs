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
        return await OfStatus(context).AsNoTracking()
            .OrderBy(job => job.QueueEntry != null).ThenBy(job => job.Id).Take(limit).ToListAsync(stop);
    }

    /// <summary>
    /// Gives the oldest waiting jobs that have no queue entry the id of a new one, in one transaction. Several workers that do this at the
    /// same time get different jobs: each skips the rows that another one has locked.
    /// </summary>
    /// <param name="limit">The largest number of jobs to change.</param>
    /// <param name="stop">Cancels the transaction.</param>
    /// <returns>The changed jobs. The caller adds their entries to the queue.</returns>
    public async Task<IReadOnlyList<Job>> Enter(int limit, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        await using var transaction = await AnnouncedTransaction.Begin(context, [], stop);
        var rows = database.IsShared
            ? context.Jobs.FromSql(
                $"""
                SELECT * FROM "Jobs" WHERE "Status" IN ('ValidatingFiles', 'Queued') AND "QueueEntry" IS NULL
                ORDER BY "Id" LIMIT {limit} FOR UPDATE SKIP LOCKED
                """)
            : OfStatus(context).Where(job => job.QueueEntry == null).OrderBy(job => job.Id).Take(limit);
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
            // The workers do not look at the queue yet, because the entries are not in it.
            await AnnouncedTransaction.Add(context, [.. jobs.Select(job => job.Id)], stop);
            await context.SaveChangesAsync(stop);
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

    private static IQueryable<Job> OfStatus(FineTuningContext context) =>
        context.Jobs.Where(job => job.Status == JobStatus.ValidatingFiles || job.Status == JobStatus.Queued);
}
