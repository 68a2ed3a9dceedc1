using Fovea.Models;
using Microsoft.EntityFrameworkCore;

namespace Fovea.Api;

/// <summary>The jobs, their events and checkpoints.</summary>
internal sealed class JobStore(StateDatabase database)
{
    /// <summary>Keeps a new job.</summary>
    public async Task Add(Job job, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        context.AddRange([job, .. job.News]);
        await context.SaveChangesAsync(stop);
    }

    /// <summary>A job by its name.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnknownJob"/>.</exception>
    public async Task<Job> Find(string id, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Jobs.AsNoTracking().SingleOrDefaultAsync(job => job.Id == id, stop) ?? throw Unknown(id);
    }

    /// <summary>The newest jobs, the newest first.</summary>
    /// <param name="after">The job behind which to begin; null: at the newest.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="stop">Gives up.</param>
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

    /// <summary>The jobs in any of some states, the oldest first.</summary>
    public async Task<IReadOnlyList<Job>> In(IReadOnlyList<JobStatus> statuses, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Jobs.AsNoTracking().Where(job => statuses.Contains(job.Status)).OrderBy(job => job.Id).ToListAsync(stop);
    }

    /// <summary>How many events a job has told, and whether it has ended, which its last event tells.</summary>
    public async Task<(long Events, bool HasEnded)> Told(string id, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        var job = await context.Jobs.Where(job => job.Id == id).Select(job => new { job.Events, job.FinishedAt }).SingleOrDefaultAsync(stop) ?? throw Unknown(id);
        return (job.Events, job.FinishedAt is not null);
    }

    /// <summary>Events of a job after a number, in their order.</summary>
    public async Task<IReadOnlyList<JobEvent>> EventsAfter(string id, long number, int limit, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Events.AsNoTracking().Where(e => e.JobId == id && e.Number > number).OrderBy(e => e.Number).Take(limit).ToListAsync(stop);
    }

    /// <summary>Events of a job before a number, the newest first.</summary>
    public async Task<IReadOnlyList<JobEvent>> EventsBefore(string id, long number, int limit, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Events.AsNoTracking().Where(e => e.JobId == id && e.Number < number).OrderByDescending(e => e.Number).Take(limit).ToListAsync(stop);
    }

    /// <summary>Checkpoints of a job before a step, the newest first.</summary>
    public async Task<IReadOnlyList<JobCheckpoint>> CheckpointsBefore(string id, long step, int limit, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await context.Checkpoints.AsNoTracking().Where(c => c.JobId == id && c.Step < step).OrderByDescending(c => c.Step).Take(limit).ToListAsync(stop);
    }

    /// <summary>Whether a job that has not ended learns from a data set.</summary>
    public async Task<bool> UsesDataset(string id, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await UnderWay(context).AnyAsync(job => job.Dataset == id, stop);
    }

    /// <summary>The highest version of a model that a job has chosen, be it deleted since; 0 where none has.</summary>
    public async Task<int> HighestVersion(string model, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        int kept = await context.Jobs.Where(job => job.FineTunedModel == model).MaxAsync(job => job.Version, stop) ?? 0;

        // After the others: a job that is deleted meanwhile is found there or here.
        int deleted = await context.UsedVersions.Where(used => used.Model == model).MaxAsync(used => (int?)used.Highest, stop) ?? 0;
        return Math.Max(kept, deleted);
    }

    /// <summary>The jobs that ended before a time, the oldest first.</summary>
    public async Task<IReadOnlyList<Job>> EndedBefore(DateTimeOffset time, CancellationToken stop)
    {
        if (!database.IsMade)
        {
            return [];
        }

        await using var context = await database.Open(stop);
        long limit = time.ToUnixTimeMilliseconds();
        return await context.Jobs.AsNoTracking().Where(job => job.FinishedAt < limit).OrderBy(job => job.Id).ToListAsync(stop);
    }

    /// <summary>Deletes a job, its events and its checkpoints, as one step; the number of the version that it chose stays taken. One that another service has deleted is no error.</summary>
    public async Task Delete(Job job, CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        if (job.Version is { } version)
        {
            var used = await context.UsedVersions.SingleOrDefaultAsync(used => used.Model == job.FineTunedModel, stop) ?? context.Add(new UsedVersion { Model = job.FineTunedModel, Highest = 0 }).Entity;
            used.Highest = Math.Max(used.Highest, version);
        }

        context.Remove(job);
        try
        {
            await context.SaveChangesAsync(stop);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Either it is gone already, or the next sweep finds it.
        }
    }

    /// <summary>The jobs that have not ended.</summary>
    public async Task<int> CountUnderWay(CancellationToken stop)
    {
        await using var context = await database.Open(stop);
        return await UnderWay(context).CountAsync(stop);
    }

    /// <summary>
    /// Changes a job, and keeps what it tells, as one step. Where another change came between, it is made again on top of that one; so events become visible in the order of
    /// their numbers.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="change">The change.</param>
    /// <param name="stop">Gives up.</param>
    /// <param name="checkpoint">A checkpoint to keep with it.</param>
    /// <exception cref="FoveaException">There is no such job, or the change refuses.</exception>
    /// <exception cref="DbUpdateException">Another job has what this one was to have alone.</exception>
    public async Task<Job> Change(string id, Action<Job> change, CancellationToken stop, JobCheckpoint? checkpoint = null)
    {
        while (true)
        {
            await using var context = await database.Open(stop);
            var job = await context.Jobs.SingleOrDefaultAsync(job => job.Id == id, stop) ?? throw Unknown(id);
            change(job);
            job.Revision++;
            await using var transaction = await context.Database.BeginTransactionAsync(stop);
            try
            {
                // First, so that from here to the end nobody else changes the job, and its new events have numbers that nobody else uses.
                await context.SaveChangesAsync(stop);
            }
            catch (DbUpdateConcurrencyException)
            {
                continue;
            }

            context.AddRange(job.News);
            if (checkpoint is not null && !await context.Checkpoints.AnyAsync(known => known.JobId == id && known.Step == checkpoint.Step, stop))
            {
                context.Add(checkpoint);
            }

            await context.SaveChangesAsync(stop);
            await transaction.CommitAsync(stop);
            return job;
        }
    }

    private static IQueryable<Job> UnderWay(FineTuningContext context) => context.Jobs.Where(job => job.FinishedAt == null);

    private static FoveaException Unknown(string id) => new(ErrorCode.UnknownJob, $"There is no fine-tuning job {id}; GET /fine_tuning/jobs lists those that there are.");
}
