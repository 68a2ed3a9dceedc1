using System.Globalization;
using System.Text.Json;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>The events of a job as server-sent events: each once, in order, until the job has ended.</summary>
internal sealed class EventStream(JobStore jobs, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private const string MediaType = "text/event-stream";
    private const int AtOnce = 100;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1), BetweenSigns = TimeSpan.FromSeconds(15);

    /// <summary>Whether a request asks for a stream.</summary>
    public static bool IsWanted(HttpRequest request) => request.GetTypedHeaders().Accept.Any(type => type.MediaType == MediaType);

    /// <summary>Answers a request.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.MalformedRequest"/>: its Last-Event-ID is none.</exception>
    public async Task Write(string job, HttpContext context, CancellationToken stop)
    {
        long last = LastSeen(context.Request);
        var response = context.Response;
        (response.ContentType, response.Headers.CacheControl) = (MediaType, "no-cache");

        // nginx would gather the events otherwise.
        response.Headers["X-Accel-Buffering"] = "no";
        await response.StartAsync(stop);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop, lifetime.ApplicationStopping);
        try
        {
            await Write(job, last, response, over.Token);
        }
        catch (OperationCanceledException)
        {
            // The client has gone, or the service goes; who comes back names the event that was seen last.
        }
    }

    private async Task Write(string job, long last, HttpResponse response, CancellationToken over)
    {
        long sign = time.GetTimestamp();
        while (true)
        {
            var (told, hasEnded) = await jobs.Told(job, over);
            while (last < told)
            {
                var events = await jobs.EventsAfter(job, last, AtOnce, over);

                // There is nothing before the end where what a job told is being cleared away.
                last = events.Count == 0 ? told : last;
                foreach (var e in events)
                {
                    var json = JsonSerializer.Serialize(JobEventAnswer.Of(e), FineTuningJson.Readable.JobEventAnswer);
                    await response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"id: {e.Number}\ndata: {json}\n\n"), over);
                    last = e.Number;
                }

                sign = time.GetTimestamp();
            }

            if (hasEnded)
            {
                return;
            }

            if (time.GetElapsedTime(sign) > BetweenSigns)
            {
                // A comment, so that those in between do not take the connection for dead.
                await response.WriteAsync(":\n\n", over);
                sign = time.GetTimestamp();
            }

            await response.Body.FlushAsync(over);
            await Task.Delay(BetweenLooks, time, over);
        }
    }

    private static long LastSeen(HttpRequest request) => request.Headers["Last-Event-ID"].ToString() switch
    {
        "" => 0,
        var id when long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out long number) => number,
        var id => throw new FoveaException(ErrorCode.MalformedRequest, $"Last-Event-ID is {id}; expected the id of an event."),
    };
}
