using System.Globalization;
using System.Text.Json;
using Fovea.Api.Jobs;
using Fovea.Api.Problems;

namespace Fovea.Api.FineTuning;

/// <summary>Sends the events of a job as server-sent events: each once, in order, until the job has ended.</summary>
internal sealed class EventStream(JobStore jobs, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private const string MediaType = "text/event-stream";
    private const int AtOnce = 100;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1), BetweenComments = TimeSpan.FromSeconds(15);

    /// <summary>Whether a request asks for a stream.</summary>
    public static bool IsWanted(HttpRequest request) => request.GetTypedHeaders().Accept.Any(type => type.MediaType == MediaType);

    /// <summary>Writes the events after the request's Last-Event-ID to the response.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: Last-Event-ID is no number.</exception>
    public async Task Write(string job, HttpContext context, CancellationToken stop)
    {
        long last = LastSeen(context.Request);
        var response = context.Response;
        (response.ContentType, response.Headers.CacheControl) = (MediaType, "no-cache");

        // Without this header nginx would buffer the events.
        response.Headers["X-Accel-Buffering"] = "no";
        await response.StartAsync(stop);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop, lifetime.ApplicationStopping);
        try
        {
            await Write(job, last, response, over.Token);
        }
        catch (OperationCanceledException)
        {
            // The client has closed the connection, or the service stops. A client that reconnects names the last event it has seen.
        }
    }

    private async Task Write(string job, long last, HttpResponse response, CancellationToken over)
    {
        long lastWrite = time.GetTimestamp();
        while (true)
        {
            var (told, hasEnded) = await jobs.Told(job, over);
            while (last < told)
            {
                var events = await jobs.EventsAfter(job, last, AtOnce, over);

                // No events are left when the job is being deleted.
                last = events.Count == 0 ? told : last;
                foreach (var e in events)
                {
                    var json = JsonSerializer.Serialize(JobEventAnswer.Of(e), FineTuningJson.Readable.JobEventAnswer);
                    await response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"id: {e.Number}\ndata: {json}\n\n"), over);
                    last = e.Number;
                }

                lastWrite = time.GetTimestamp();
            }

            if (hasEnded)
            {
                return;
            }

            if (time.GetElapsedTime(lastWrite) > BetweenComments)
            {
                // A comment keeps proxies from closing an idle connection.
                await response.WriteAsync(":\n\n", over);
                lastWrite = time.GetTimestamp();
            }

            await response.Body.FlushAsync(over);
            await Task.Delay(BetweenLooks, time, over);
        }
    }

    private static long LastSeen(HttpRequest request) => request.Headers["Last-Event-ID"].ToString() switch
    {
        "" => 0,
        var id when long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out long number) => number,
        var id => throw new ServiceException(ServiceError.MalformedRequest, $"Last-Event-ID is {id}; expected the id of an event."),
    };
}
