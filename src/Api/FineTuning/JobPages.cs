using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Models.Errors;

namespace Fovea.Api.FineTuning;

/// <summary>
/// The lists of jobs, events and checkpoints in pages, the newest first. Each method receives a function that converts an entry to its
/// answer.
/// </summary>
internal sealed class JobPages(JobStore jobs)
{
    /// <summary>Returns a page of the jobs.</summary>
    /// <param name="after">The id of the last job of the previous page; null: the first page.</param>
    /// <param name="limit">The number of jobs, 1 to 100; null: 20.</param>
    /// <param name="show">Converts a job to its answer.</param>
    /// <param name="stop">Cancels the query.</param>
    /// <exception cref="RefusalException">The limit is out of its range, or no job has the id <c>after</c>.</exception>
    public async Task<Page<T>> Jobs<T>(string? after, string? limit, Func<Job, T> show, CancellationToken stop)
    {
        int most = Page.Limit(limit);
        if (after is not null)
        {
            await jobs.Find(after, stop);
        }

        return Page.Of(await jobs.List(after, most + 1, stop), most, show);
    }

    /// <summary>A page of the events of a job.</summary>
    /// <exception cref="RefusalException">There is no such job; or the limit or the entry is not one.</exception>
    public async Task<Page<T>> Events<T>(string job, string? after, string? limit, Func<JobEvent, T> show, CancellationToken stop)
    {
        await jobs.Find(job, stop);
        int most = Page.Limit(limit);
        return Page.Of(await jobs.EventsBefore(job, After(after), most + 1, stop), most, show);
    }

    /// <summary>A page of the checkpoints of a job.</summary>
    /// <exception cref="RefusalException">There is no such job; or the limit or the entry is not one.</exception>
    public async Task<Page<T>> Checkpoints<T>(string job, string? after, string? limit, Func<JobCheckpoint, T> show, CancellationToken stop)
    {
        await jobs.Find(job, stop);
        int most = Page.Limit(limit);
        return Page.Of(await jobs.CheckpointsBefore(job, After(after), most + 1, stop), most, show);
    }

    private static long After(string? after) => after is null ? long.MaxValue
        : long.TryParse(after, out long value) && value >= 0 ? value
        : throw new ServiceException(ServiceError.MalformedRequest, $"after is {after}; expected the id of an entry of the list.");
}
