using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Api.Workers;
using Fovea.Models.Errors;

namespace Fovea.Api.FineTuning;

/// <summary>The files of the reports of jobs.</summary>
internal sealed class JobReports(JobStore jobs, Settings settings)
{
    /// <summary>The path of a job's report, as a page or as JSON.</summary>
    /// <exception cref="RefusalException">
    /// <see cref="ServiceError.UnknownJob"/>; or <see cref="ServiceError.Conflict"/>: the job has not succeeded, or its files are deleted.
    /// </exception>
    public async Task<string> Find(string job, bool asPage, CancellationToken stop)
    {
        var found = await jobs.Find(job, stop);
        var folder = JobFolder.Of(settings, job);
        var file = asPage ? folder.Page : folder.Report;
        return found.Status is JobStatus.Succeeded && File.Exists(file) ? file : throw new ServiceException(
            ServiceError.Conflict,
            $"{job} has no report; expected a job that has succeeded and whose files have not been deleted yet.");
    }
}
