using Fovea.Api.Jobs;

namespace Fovea.Api.FineTuning;

/// <summary>The feeds of the jobs that are watched in this process, one for each job.</summary>
internal sealed class JobFeeds(
    JobStore jobs, JobAnnouncer announcer, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<JobFeeds> log)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, JobFeed> feeds = [];
    private readonly FeedOutage outage = new(log);

    /// <summary>Opens the feed of a job for as long as <paramref name="watch"/> runs.</summary>
    /// <exception cref="Problems.ServiceException"><see cref="Problems.ServiceError.UnknownJob"/>: no job has this id.</exception>
    public async Task Watch(string job, Func<JobFeed, Task> watch, CancellationToken stop)
    {
        var feed = Enter(job);
        try
        {
            await feed.Opened.WaitAsync(stop);
            await watch(feed);
        }
        finally
        {
            await Leave(job, feed);
        }
    }

    private JobFeed Enter(string job)
    {
        lock (gate)
        {
            // A feed that could not be opened is replaced, because the database may answer now.
            if (!feeds.TryGetValue(job, out var feed) || feed.Opened.IsFaulted)
            {
                feeds[job] = feed = new JobFeed(job, jobs, announcer, time, outage, lifetime.ApplicationStopping);
            }

            feed.Watchers++;
            return feed;
        }
    }

    private async Task Leave(string job, JobFeed feed)
    {
        lock (gate)
        {
            if (--feed.Watchers > 0)
            {
                return;
            }

            if (feeds.GetValueOrDefault(job) == feed)
            {
                feeds.Remove(job);
            }
        }

        await feed.DisposeAsync();
    }
}
