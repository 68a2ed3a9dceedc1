using Fovea.Api.Jobs;
using Fovea.Api.Problems;

namespace Fovea.Api.FineTuning;

/// <summary>
/// The events of one job. They are read from the database once for all requests of this process that watch the job. While the database
/// cannot be reached, reads are repeated, and these requests wait. Thread-safe.
/// </summary>
internal sealed class JobFeed : IAsyncDisposable
{
    private const int PageLength = 100, MostPages = 100;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1), BetweenIdleLooks = TimeSpan.FromSeconds(15);

    private readonly string job;
    private readonly JobStore jobs;
    private readonly JobSubscription changes;
    private readonly TimeProvider time;
    private readonly FeedOutage outage;
    private readonly CancellationTokenSource closed;
    private readonly Task following;
    private readonly Lock gate = new();

    // Pages of 100 events: page 0 has the numbers 1 to 100. UpTo is the number of the newest event when the page was read.
    private readonly Dictionary<long, (long UpTo, Task<IReadOnlyList<JobEvent>> Read)> pages = [];

    private volatile TaskCompletionSource changed = NewSignal();
    private volatile FeedState now = new(0, false);

    /// <summary>Begins to read. <see cref="Opened"/> completes when <see cref="Now"/> is known.</summary>
    public JobFeed(string job, JobStore jobs, JobAnnouncer announcer, TimeProvider time, FeedOutage outage, CancellationToken stop)
    {
        (this.job, this.jobs, this.time, this.outage, changes) = (job, jobs, time, outage, announcer.Follow(job));
        closed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Opened = Open();
        following = Follow();
    }

    /// <summary>
    /// Completes when the job's state is known. It fails if there is no such job, or if the database cannot be reached.
    /// </summary>
    public Task Opened { get; }

    /// <summary>The number of watchers; <see cref="JobFeeds"/> counts them.</summary>
    public int Watchers { get; set; }

    /// <summary>The newest known state of the job.</summary>
    public FeedState Now => now;

    /// <summary>Completes when <see cref="Now"/> changes. A watcher takes this task before it reads <see cref="Now"/>.</summary>
    public Task Changed => changed.Task;

    /// <summary>Returns at most 100 events with numbers above <paramref name="number"/>, in ascending order.</summary>
    public async Task<IReadOnlyList<JobEvent>> After(long number, CancellationToken stop)
    {
        var page = await Page(number / PageLength).WaitAsync(stop);
        return [.. page.SkipWhile(e => e.Number <= number)];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        changes.Dispose();
        await closed.CancelAsync();
        await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        closed.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task Open()
    {
        int started = outage.Turns;
        now = await Task.Run(() => jobs.Told(job, closed.Token));
        outage.End(started);
    }

    private async Task Follow()
    {
        await Opened;
        while (!now.HasEnded)
        {
            await changes.Wait(BetweenIdleLooks, closed.Token);
            var seen = await Insist(Look);
            if (seen != now)
            {
                now = seen;
                Interlocked.Exchange(ref changed, NewSignal()).SetResult();
            }
        }
    }

    // Reads the state of the job. A deleted job counts as ended, because no events will follow.
    private async Task<FeedState> Look()
    {
        try
        {
            return await jobs.Told(job, closed.Token);
        }
        catch (ServiceException e) when (e.Error == ServiceError.UnknownJob)
        {
            return now with { HasEnded = true };
        }
    }

    private Task<IReadOnlyList<JobEvent>> Page(long page)
    {
        lock (gate)
        {
            // Events never change. So a page that is full, or that has all events up to the newest one, is not read again.
            long needed = Math.Min(now.Events, (page + 1) * PageLength);
            if (pages.TryGetValue(page, out var known) && known.UpTo >= needed)
            {
                return known.Read;
            }

            if (pages.Count == MostPages)
            {
                pages.Remove(pages.Keys.Min());
            }

            var read = Task.Run(() => Insist(() => jobs.EventsAfter(job, page * PageLength, PageLength, closed.Token)));
            pages[page] = (needed, read);
            return read;
        }
    }

    private async Task<T> Insist<T>(Func<Task<T>> read)
    {
        for (bool isLogged = false; ;)
        {
            int started = outage.Turns;
            try
            {
                var answer = await read();
                outage.End(started);
                return answer;
            }
            catch (Exception e) when (!closed.IsCancellationRequested)
            {
                isLogged = isLogged || outage.Begin(e, started);
                await Task.Delay(BetweenTries, time, closed.Token);
            }
        }
    }
}
