using Fovea.Api.Problems;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Microsoft.EntityFrameworkCore;

namespace Fovea.Api.Jobs;

/// <summary>
/// Reads and changes the jobs, their events and their checkpoints. A database that cannot be reached is a <c>DbException</c>.
/// </summary>
internal sealed class JobStore(StateDatabase database, TimeProvider time)
{
    /// <summary>Saves a new job and its events.</summary>
    public async Task Add(Job job, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        context.AddRange([job, .. job.News]);
        await context.SaveChangesAsync(stop);
    }

    /// <summary>A job by its id.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownJob"/>.</exception>
    public async Task<Job> Find(string id, CancellationToken stop)
    {
        // PostgreSQL refuses a text with the character 0.
        if (id.Contains('\0', StringComparison.Ordinal))
        {
            throw Unknown(id);
        }

        await using var context = await database.Open(stop);
        return await context.Jobs.AsNoTracking().SingleOrDefaultAsync(job => job.Id == id, stop) ?? throw Unknown(id);
    }

    /// <summary>A page of the jobs, the newest first.</summary>
    /// <param name="after">The job before the first of the page; null: the page begins with the newest.</param>
    /// <param name="limit">The most jobs to return.</param>
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

    /// <summary>The jobs that wait for a worker or run, the oldest first.</summary>
    public async Task<IReadOnlyList<Job>> Active(CancellationToken stop)
    {
        JobStatus[] active = [JobStatus.ValidatingFiles, JobStatus.Queued, JobStatus.Running];
        await using var context = await database.Open(stop);
        return await context.Jobs.AsNoTracking().Where(job => active.Contains(job.Status)).OrderBy(job => job.Id).ToListAsync(stop);
    }

    /// <summary>The number of jobs in each status that a job has.</summary>
    public async Task<IReadOnlyDictionary<JobStatus, int>> CountByStatus(CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Jobs.GroupBy(job => job.Status).Select(group => new { group.Key, Count = group.Count() })
            .ToDictionaryAsync(group => group.Key, group => group.Count, stop);
    }

    /// <summary>The number of a job's newest event, and whether the job has ended. The last event of a job says how it ended.</summary>
    public async Task<(long Events, bool HasEnded)> Told(string id, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        var job = await context.Jobs.Where(job => job.Id == id).Select(job => new { job.Events, job.FinishedAt }).SingleOrDefaultAsync(stop)
            ?? throw Unknown(id);
        return (job.Events, job.FinishedAt is not null);
    }

    /// <summary>Events of a job with higher numbers than one, in their order.</summary>
    public async Task<IReadOnlyList<JobEvent>> EventsAfter(string id, long number, int limit, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Events.AsNoTracking().Where(e => e.JobId == id && e.Number > number)
            .OrderBy(e => e.Number).Take(limit).ToListAsync(stop);
    }

    /// <summary>Events of a job with lower numbers than one, the newest first.</summary>
    public async Task<IReadOnlyList<JobEvent>> EventsBefore(string id, long number, int limit, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Events.AsNoTracking().Where(e => e.JobId == id && e.Number < number)
            .OrderByDescending(e => e.Number).Take(limit).ToListAsync(stop);
    }

    /// <summary>Whether an event is saved, by its job, number, time and message.</summary>
    public async Task<bool> Has(JobEvent said, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Events.AnyAsync(
            e => e.JobId == said.JobId && e.Number == said.Number && e.CreatedAt == said.CreatedAt && e.Message == said.Message, stop);
    }

    /// <summary>Checkpoints of a job before a step, the newest first.</summary>
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

    /// <summary>The data set of the job that has made a version of a model; null: no job has, or the job is deleted.</summary>
    public async Task<string?> DatasetOf(string model, int version, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Jobs.Where(job => job.FineTunedModel == model && job.Version == version)
            .Select(job => job.Dataset).SingleOrDefaultAsync(stop);
    }

    /// <summary>The highest version of a model that any job has chosen, deleted jobs included; 0: none has.</summary>
    public async Task<int> HighestVersion(string model, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        int kept = await context.Jobs.Where(job => job.FineTunedModel == model).MaxAsync(job => job.Version, stop) ?? 0;

        // This query comes second: a job that is deleted between the two is found in one of them.
        int deleted = await context.UsedVersions.Where(used => used.Model == model).MaxAsync(used => (int?)used.Highest, stop) ?? 0;
        return Math.Max(kept, deleted);
    }

    /// <summary>The jobs that ended before a time, the oldest first.</summary>
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
    /// Deletes a job, its events and its checkpoints in one transaction. The number of its version stays used. A job that another service
    /// has deleted is no error.
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
        try
        {
            await context.SaveChangesAsync(stop);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Another service has deleted or changed the job. If it is still there, the next sweep deletes it.
        }
    }

    /// <summary>The number of jobs that have not ended.</summary>
    public async Task<int> CountUnderWay(CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await UnderWay(context).CountAsync(stop);
    }

    /// <summary>Renews the lease of the worker that holds a job with a fencing number.</summary>
    /// <returns>Whether the worker still holds the job, and the job runs.</returns>
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
    /// Changes a job, and saves its new events, in one transaction. When another change comes in between, this one is repeated on top of
    /// it, so events become visible in the order of their numbers.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="change">The change; it may be called several times, each time on a freshly read job.</param>
    /// <param name="stop">Cancels the transaction.</param>
    /// <param name="checkpoints">Checkpoints to save with the change; those of steps that have one already are left out.</param>
    /// <exception cref="RefusalException">There is no such job, or the change refuses.</exception>
    /// <exception cref="DbUpdateException">The change takes a version that another job has (<see
    /// cref="StateDatabase.IsTaken"/>).</exception>
    public async Task<Job> Change(string id, Action<Job> change, CancellationToken stop, params IReadOnlyList<JobCheckpoint> checkpoints)
    {
        while (true)
        {
            await using var context = await database.Open(stop);
            var job = await context.Jobs.SingleOrDefaultAsync(job => job.Id == id, stop) ?? throw Unknown(id);
            job.At = time.GetUtcNow().ToUnixTimeMilliseconds();
            change(job);
            job.Revision++;
            await using var transaction = await context.Database.BeginTransactionAsync(stop);
            try
            {
                // The row of the job is saved first. It stays locked until the end, so no other change can use the same event numbers.
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

    private static IQueryable<Job> UnderWay(FineTuningContext context) => context.Jobs.Where(job => job.FinishedAt == null);

    private static ServiceException Unknown(string id) =>
        new(ServiceError.UnknownJob, $"There is no fine-tuning job {id}; GET /fine_tuning/jobs lists the jobs.");
}
