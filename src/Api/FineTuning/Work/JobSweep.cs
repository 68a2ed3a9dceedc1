namespace Fovea.Api;

/// <summary>
/// Deletes jobs that are kept no longer, and of others what training needed for itself, counted from their end on. A job that has not ended, a paused one too, keeps everything, and what jobs
/// have published stays.
/// </summary>
internal sealed class JobSweep(JobStore jobs, Settings settings, RetentionSettings retention, TimeProvider time, ILogger<JobSweep> log) : HourlySweep(time, log)
{
    /// <inheritdoc/>
    protected override async Task Sweep(DateTimeOffset now, CancellationToken stop)
    {
        if (RetentionSettings.Since(retention.Jobs, now) is { } since)
        {
            foreach (var job in await jobs.EndedBefore(since, stop))
            {
                // The files first: as long as the job is there, the next sweep finds what this one leaves.
                if (TryDelete(JobFolder.Of(settings, job.Id).Delete))
                {
                    await jobs.Delete(job, stop);
                    Logger.JobDeleted(job.Id);
                }
            }
        }

        if (RetentionSettings.Since(retention.Checkpoints, now) is { } kept)
        {
            foreach (var job in await jobs.EndedBefore(kept, stop))
            {
                TryDelete(JobFolder.Of(settings, job.Id).DeleteAllButReport);
            }
        }
    }

    // The files of one job that cannot be deleted do not keep those of the others.
    private bool TryDelete(Action delete)
    {
        try
        {
            delete();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Logger.NotSwept(e.Message);
            return false;
        }
    }
}
