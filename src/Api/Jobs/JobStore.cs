using Fovea.Api.Problems;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Microsoft.EntityFrameworkCore;

namespace Fovea.Api.Jobs;

/// <summary>
/// Reads and changes the jobs, their events and their checkpoints in the database. If the database cannot be reached, the methods throw a
/// <c>DbException</c>.
/// </summary>
internal sealed class JobStore(StateDatabase database, TimeProvider time)
{
    /// <summary>Saves a new job and its events.</summary>
    public async Task Add(Job job, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        context.AddRange([job, .. job.News]);
        await using var transaction = await AnnouncedTransaction.Begin(context, [JobNotice.Of(job)], stop);
        await context.SaveChangesAsync(stop);
        await transaction.CommitAsync(stop);
    }

    /// <summary>Returns the job with this id.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownJob"/>: no job has this id.</exception>
    public async Task<Job> Find(string id, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await Named(context, id).AsNoTracking().SingleOrDefaultAsync(stop) ?? throw Unknown(id);
    }

    /// <summary>Returns a page of the jobs, the newest first.</summary>
    /// <param name="after">The id of the last job of the previous page; null: the page begins with the newest job.</param>
    /// <param name="limit">The largest number of jobs to return.</param>
    /// <param name="stop">Cancels the query.</param>
    public async Task<IReadOnlyList<Job>> List(string? after, int limit, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        var jobs = context.Jobs.AsNoTracking();
        if (after is not null)
        {
            jobs = jobs.Where(job => string.Compare(job.Id, after) < 0);
        }

        return await jobs.OrderByDescending(job => job.Id).Take(limit).ToListAsync(stop);
    }

    /// <summary>Returns the number of jobs in each status. A status that no job has is left out.</summary>
    public async Task<IReadOnlyDictionary<JobStatus, int>> CountByStatus(CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Jobs.GroupBy(job => job.Status).Select(group => new { group.Key, Count = group.Count() })
            .ToDictionaryAsync(group => group.Key, group => group.Count, stop);
    }

    /// <summary>Returns the number of a job's newest event, and whether the job has ended.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownJob"/>: no job has this id.</exception>
    public async Task<FeedState> Told(string id, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await Named(context, id).Select(job => new FeedState(job.Events, job.FinishedAt != null)).SingleOrDefaultAsync(stop)
            ?? throw Unknown(id);
    }

    /// <summary>Returns the revisions of jobs by their ids. A job that does not exist is left out.</summary>
    public async Task<IReadOnlyDictionary<string, long>> Revisions(IReadOnlyList<string> ids, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Jobs.Where(job => ids.Contains(job.Id)).Select(job => new { job.Id, job.Revision })
            .ToDictionaryAsync(job => job.Id, job => job.Revision, stop);
    }

    /// <summary>Returns at most <paramref name="limit"/> events of a job with numbers above <paramref name="number"/>, ascending.</summary>
    public async Task<IReadOnlyList<JobEvent>> EventsAfter(string id, long number, int limit, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Events.AsNoTracking().Where(e => e.JobId == id && e.Number > number)
            .OrderBy(e => e.Number).Take(limit).ToListAsync(stop);
    }

    /// <summary>
    /// Returns at most <paramref name="limit"/> events of a job with numbers below <paramref name="number"/>, the newest first.
    /// </summary>
    public async Task<IReadOnlyList<JobEvent>> EventsBefore(string id, long number, int limit, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Events.AsNoTracking().Where(e => e.JobId == id && e.Number < number)
            .OrderByDescending(e => e.Number).Take(limit).ToListAsync(stop);
    }

    /// <summary>Returns the messages of a job's events that begin with a text.</summary>
    public async Task<IReadOnlyList<string>> Messages(string id, string beginning, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Events.Where(e => e.JobId == id && e.Message.StartsWith(beginning)).Select(e => e.Message).ToListAsync(stop);
    }

    /// <summary>Whether the database has an event with the same job, number, time and message.</summary>
    public async Task<bool> Has(JobEvent said, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Events.AnyAsync(
            e => e.JobId == said.JobId && e.Number == said.Number && e.CreatedAt == said.CreatedAt && e.Message == said.Message, stop);
    }

    /// <summary>Returns at most <paramref name="limit"/> checkpoints of a job from before a step, the newest first.</summary>
    public async Task<IReadOnlyList<JobCheckpoint>> CheckpointsBefore(string id, long step, int limit, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Checkpoints.AsNoTracking().Where(c => c.JobId == id && c.Step < step)
            .OrderByDescending(c => c.Step).Take(limit).ToListAsync(stop);
    }

    /// <summary>Whether a job that has not ended uses a data set.</summary>
    public async Task<bool> UsesDataset(string id, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await UnderWay(context).AnyAsync(job => job.Dataset == id, stop);
    }

    /// <summary>
    /// Returns the id of the data set of the job that made a version of a model; null if no job made it, or the job is deleted.
    /// </summary>
    public async Task<string?> DatasetOf(string model, int version, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Jobs.Where(job => job.FineTunedModel == model && job.Version == version)
            .Select(job => job.Dataset).SingleOrDefaultAsync(stop);
    }

    /// <summary>
    /// Returns the highest version number of a model that any job has chosen, including deleted jobs; 0: no job has chosen one.
    /// </summary>
    public async Task<int> HighestVersion(string model, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        int kept = await context.Jobs.Where(job => job.FineTunedModel == model).MaxAsync(job => job.Version, stop) ?? 0;

        // Deleting a job adds its version to this table. This query comes second, so a job that is deleted between the two queries is found
        // by one of them.
        int deleted = await context.UsedVersions.Where(used => used.Model == model).MaxAsync(used => (int?)used.Highest, stop) ?? 0;
        return Math.Max(kept, deleted);
    }

    /// <summary>Returns the jobs that ended before a time, the oldest first.</summary>
    public async Task<IReadOnlyList<Job>> EndedBefore(DateTimeOffset moment, CancellationToken stop)
    {
        if (!database.IsMade)
        {
            return [];
        }

        await using var context = await database.Open(stop);
        long limit = moment.ToUnixTimeMilliseconds();
        return await context.Jobs.AsNoTracking().Where(job => job.FinishedAt < limit).OrderBy(job => job.Id).ToListAsync(stop);
    }

    /// <summary>
    /// Deletes a job, its events and its checkpoints in one transaction. Later jobs do not reuse its version number. If another service has
    /// deleted the job already, nothing happens.
    /// </summary>
    public async Task Delete(Job job, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        if (job.Version is { } version)
        {
            var used = await context.UsedVersions.SingleOrDefaultAsync(used => used.Model == job.FineTunedModel, stop)
                ?? context.Add(new UsedVersion { Model = job.FineTunedModel, Highest = 0 }).Entity;
            used.Highest = Math.Max(used.Highest, version);
        }

        context.Remove(job);
        await using var transaction = await AnnouncedTransaction.Begin(context, [JobNotice.Of(job)], stop);
        try
        {
            await context.SaveChangesAsync(stop);
            await transaction.CommitAsync(stop);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Another service has deleted or changed the job. If it is still there, the next sweep deletes it.
        }
    }

    /// <summary>Returns the number of jobs that have not ended.</summary>
    public async Task<int> CountUnderWay(CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await UnderWay(context).CountAsync(stop);
    }

    /// <summary>Renews a worker's lease of a job by counting up <see cref="Job.Heartbeats"/>.</summary>
    /// <param name="id">The id of the job.</param>
    /// <param name="fence">The fencing number with which the worker took the job.</param>
    /// <param name="stop">Cancels the call.</param>
    /// <returns>True if the lease is renewed; false if the worker no longer holds the job, or the job does not run.</returns>
    public async Task<bool> Renew(string id, long fence, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Jobs.Where(job => job.Id == id && job.Fence == fence && job.Status == JobStatus.Running).ExecuteUpdateAsync(
            set => set
                .SetProperty(job => job.Heartbeats, job => job.Heartbeats + 1)
                .SetProperty(job => job.Revision, job => job.Revision + 1),
            stop) == 1;
    }

    /// <summary>
    /// Changes a job and saves its new events in one transaction. If another change is saved in between, this change is repeated on the new
    /// row, so events become visible in the order of their numbers. Nothing is written if nothing has changed.
    /// </summary>
    /// <param name="id">The id of the job.</param>
    /// <param name="change">Changes the job. It may be called several times, each time with a freshly read job.</param>
    /// <param name="stop">Cancels the transaction.</param>
    /// <param name="checkpoints">Checkpoints to save with the change. A checkpoint of a step that already has one is left out.</param>
    /// <returns>The changed job.</returns>
    /// <exception cref="RefusalException">The job does not exist, or <paramref name="change"/> throws it.</exception>
    /// <exception cref="DbUpdateException">The change sets a version number that another job has (<see cref="StateDatabase.IsTaken"/>).
    /// </exception>
    public async Task<Job> Change(string id, Action<Job> change, CancellationToken stop, params IReadOnlyList<JobCheckpoint> checkpoints)
    {
        while (true)
        {
            await using var context = await database.Open(stop);
            var job = await context.Jobs.SingleOrDefaultAsync(job => job.Id == id, stop) ?? throw Unknown(id);
            job.At = time.GetUtcNow().ToUnixTimeMilliseconds();
            change(job);
            if (checkpoints.Count == 0 && job.News.Count == 0 && !context.ChangeTracker.HasChanges())
            {
                return job;
            }

            job.Revision++;
            await using var transaction = await AnnouncedTransaction.Begin(context, [JobNotice.Of(job)], stop);
            try
            {
                // The row of the job is saved first. It stays locked until the commit, so no other change can use the same event numbers.
                await context.SaveChangesAsync(stop);
            }
            catch (DbUpdateConcurrencyException)
            {
                continue;
            }

            context.AddRange(job.News);
            foreach (var checkpoint in checkpoints.DistinctBy(checkpoint => checkpoint.Step))
            {
                if (!await context.Checkpoints.AnyAsync(known => known.JobId == id && known.Step == checkpoint.Step, stop))
                {
                    context.Add(checkpoint);
                }
            }

            await context.SaveChangesAsync(stop);
            await transaction.CommitAsync(stop);
            return job;
        }
    }

    // PostgreSQL refuses a text with the character 0, and no job has such an id.
    private static IQueryable<Job> Named(FineTuningContext context, string id)
    {
        var text = id.Contains('\0', StringComparison.Ordinal) ? "" : id;
        return context.Jobs.Where(job => job.Id == text);
    }

    private static IQueryable<Job> UnderWay(FineTuningContext context) => context.Jobs.Where(job => job.FinishedAt == null);

    private static ServiceException Unknown(string id) =>
        new(ServiceError.UnknownJob, $"There is no fine-tuning job {id}; GET /fine_tuning/jobs lists the jobs.");
}
