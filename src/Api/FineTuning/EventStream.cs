using System.Globalization;
using System.Text.Json;
using Fovea.Api.Problems;

namespace Fovea.Api.FineTuning;

/// <summary>Sends the events of a job as server-sent events: each once, in order, until the job has ended.</summary>
internal sealed class EventStream(JobFeeds feeds, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private const string MediaType = "text/event-stream";

    private static readonly TimeSpan BetweenComments = TimeSpan.FromSeconds(15);

    /// <summary>Whether a request asks for a stream of server-sent events.</summary>
    public static bool IsWanted(HttpRequest request) => request.GetTypedHeaders().Accept.Any(type => type.MediaType == MediaType);

    /// <summary>Writes the events after the request's Last-Event-ID to the response.</summary>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.MalformedRequest"/>: Last-Event-ID is not a number. <see cref="ServiceError.UnknownJob"/>: no job has this
    /// id.
    /// </exception>
    public Task Write(string job, HttpContext context, CancellationToken stop)
    {
        long last = LastSeen(context.Request);
        return feeds.Watch(job, feed => Write(feed, last, context.Response, stop), stop);
    }

    private async Task Write(JobFeed feed, long last, HttpResponse response, CancellationToken stop)
    {
        (response.ContentType, response.Headers.CacheControl) = (MediaType, "no-cache");

        // Without this header nginx would buffer the events.
        response.Headers["X-Accel-Buffering"] = "no";
        await response.StartAsync(stop);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop, lifetime.ApplicationStopping);
        try
        {
            await WriteAll(feed, last, response, over.Token);
        }
        catch (OperationCanceledException)
        {
            // The client has closed the connection, or the service stops. A client that reconnects names the last event it has seen.
        }
    }

    private async Task WriteAll(JobFeed feed, long last, HttpResponse response, CancellationToken over)
    {
        while (true)
        {
            var (changed, now) = (feed.Changed, feed.Now);
            while (last < now.Events)
            {
                var events = await feed.After(last, over);

                // If the job is being deleted, its events may be gone. The loop then ends instead of asking for them again and again.
                last = events.Count == 0 ? now.Events : last;
                foreach (var e in events)
                {
                    var json = JsonSerializer.Serialize(JobEventAnswer.Of(e), FineTuningJson.Readable.JobEventAnswer);
                    await response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"id: {e.Number}\ndata: {json}\n\n"), over);
                    last = e.Number;
                }
            }

            if (now.HasEnded)
            {
                return;
            }

            await response.Body.FlushAsync(over);
            await changed.WaitAsync(BetweenComments, time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            over.ThrowIfCancellationRequested();
            if (!changed.IsCompleted)
            {
                // A comment keeps proxies from closing an idle connection.
                await response.WriteAsync(":\n\n", over);
            }
        }
    }

    private static long LastSeen(HttpRequest request) => request.Headers["Last-Event-ID"].ToString() switch
    {
        "" => 0,
        var id when long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out long number) => number,
        var id => throw new ServiceException(ServiceError.MalformedRequest, $"Last-Event-ID is {id}; expected the id of an event."),
    };
}
