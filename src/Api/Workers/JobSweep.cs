using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Fovea.Api.Storage;
using Fovea.Api.Telemetry;

namespace Fovea.Api.Workers;

/// <summary>
/// Deletes jobs that ended longer ago than the settings allow. Deletes the files that only training needed after a shorter time. A job that
/// has not ended, for example a paused one, keeps all its files. Published models are not deleted.
/// </summary>
internal sealed class JobSweep(JobStore jobs, Settings settings, RetentionSettings retention, TimeProvider time, ILogger<JobSweep> log)
    : HourlySweep(time, log)
{
    /// <inheritdoc/>
    protected override async Task Sweep(DateTimeOffset now, CancellationToken stop)
    {
        if (RetentionSettings.Since(retention.Jobs, now) is { } since)
        {
            foreach (var job in await jobs.EndedBefore(since, stop))
            {
                // The files are deleted before the job's row: if that fails, the row is still there, and the next sweep tries again.
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

    // Returns false if the files cannot be deleted. The sweep then continues with the next job.
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
