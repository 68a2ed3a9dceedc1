using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Fovea.Client;

/// <summary>
/// Reads a job's stream of server-sent events. When the connection is lost, or the service ends the stream because it shuts down, the
/// follower opens the stream again with the header Last-Event-ID, so that no event is missed or returned twice.
/// </summary>
internal sealed class EventFollower(ServiceConnection connection, FineTuningClient jobs, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5), LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>Returns the events after the event with the number <paramref name="after"/>, until the job has ended.</summary>
    /// <exception cref="FoveaClientException">
    /// The service refuses a request for another reason than that it is starting, stopping or overloaded.
    /// </exception>
    public async IAsyncEnumerable<FineTuningEvent> Follow(string job, long after, [EnumeratorCancellation] CancellationToken stop)
    {
        // If the service cannot be reached at first, fail as all other requests do.
        await jobs.GetAsync(job, stop);
        for (var pause = FirstPause; ; pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks)))
        {
            await using var events = Stream(job, after, stop).GetAsyncEnumerator(stop);
            while (await Next(events, stop))
            {
                yield return events.Current;
                (after, pause) = (events.Current.Number, FirstPause);
            }

            if (await HasToldAll(job, after, stop))
            {
                yield break;
            }

            await Task.Delay(pause, time, stop);
        }
    }

    private async IAsyncEnumerable<FineTuningEvent> Stream(string job, long after, [EnumeratorCancellation] CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{FineTuningClient.Of(job)}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Add("Last-Event-ID", after.ToString(CultureInfo.InvariantCulture));
        using var answer = await connection.Send(request, stop);
        await using var body = await answer.Content.ReadAsStreamAsync(stop);
        var parser = SseParser.Create(body, (_, data) => JsonSerializer.Deserialize(data, ClientJson.Default.FineTuningEvent)!);
        await foreach (var item in parser.EnumerateAsync(stop))
        {
            yield return item.Data;
        }
    }

    // Returns false if the stream has ended or its connection is lost.
    private static async Task<bool> Next(IAsyncEnumerator<FineTuningEvent> events, CancellationToken stop)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception e) when (MayPass(e) && !stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<bool> HasToldAll(string job, long after, CancellationToken stop)
    {
        try
        {
            if (!(await jobs.GetAsync(job, stop)).HasEnded)
            {
                return false;
            }

            using var request = new HttpRequestMessage(HttpMethod.Get, $"{FineTuningClient.Of(job)}/events?limit=1");
            var newest = await connection.Ask(request, ClientJson.Default.AnswerPageFineTuningEvent, stop);
            return newest.Data.All(e => e.Number <= after);
        }
        catch (Exception e) when (MayPass(e) && !stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private static bool MayPass(Exception e) => e is IOException or HttpRequestException or TimeoutException
        || (e is FoveaClientException { Status: var status } && status is
            HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout);
}
