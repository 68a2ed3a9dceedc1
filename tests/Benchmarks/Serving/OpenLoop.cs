using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace Fovea.Benchmarks.Serving;

/// <summary>Sends requests at a rate that does not depend on the answers. Each request is timed from its intended start.</summary>
internal static class OpenLoop
{
    /// <summary>Sends requests for this number of seconds, evenly spaced or as a Poisson process.</summary>
    public static async Task<Outcome> Run(
        ServiceProcess service, string path, byte[] body, double perSecond, double seconds, bool poisson = false)
    {
        var outcome = new Outcome();
        var random = new Random(1);
        var underWay = new List<Task>();
        double next = 0;
        for (long start = Stopwatch.GetTimestamp(); next < seconds; next += Pause())
        {
            double wait = next - Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (wait > 0)
            {
                await Task.Delay(TimeSpan.FromSeconds(wait));
            }

            underWay.Add(Send(start + (long)(next * Stopwatch.Frequency)));
            if (underWay.Count > 10_000)
            {
                underWay.RemoveAll(task => task.IsCompleted);
            }
        }

        await Task.WhenAll(underWay);
        return outcome;

        // The time between two requests in seconds: always the same, or exponentially distributed.
        double Pause() => poisson ? -Math.Log(1 - random.NextDouble()) / perSecond : 1 / perSecond;

        async Task Send(long intended)
        {
            try
            {
                using var answer = await service.Client.PostAsync(path, new ByteArrayContent(body));
                await answer.Content.ReadAsByteArrayAsync();
                outcome.Add(answer.Headers.RetryAfter?.Delta);
                outcome.Add(answer.StatusCode, Stopwatch.GetElapsedTime(intended).TotalMilliseconds);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                outcome.Add(0, Stopwatch.GetElapsedTime(intended).TotalMilliseconds);
            }
        }
    }

    /// <summary>The answers and their times.</summary>
    internal sealed class Outcome
    {
        private readonly ConcurrentDictionary<HttpStatusCode, ConcurrentQueue<double>> times = [];
        private readonly ConcurrentDictionary<TimeSpan, int> pauses = [];

        /// <summary>
        /// The number of answers with each status, such as <c>200: 1204, 429: 9340</c>; 0 stands for a failed connection.
        /// </summary>
        public string Statuses => string.Join(", ", times.OrderBy(pair => pair.Key).Select(pair => $"{(int)pair.Key}: {pair.Value.Count}"));

        /// <summary>
        /// The values of Retry-After in seconds, the shortest first, with their numbers; for example <c>2 (310 times), 3 (40 times)</c>.
        /// </summary>
        public string RetryAfter =>
            string.Join(", ", pauses.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key.TotalSeconds} ({pair.Value} times)"));

        public void Add(TimeSpan? pause)
        {
            if (pause is { } asked)
            {
                pauses.AddOrUpdate(asked, 1, (_, count) => count + 1);
            }
        }

        public void Add(HttpStatusCode status, double milliseconds) => times.GetOrAdd(status, _ => []).Enqueue(milliseconds);

        /// <summary>Returns the time in milliseconds within which this share of the successful requests was answered.</summary>
        public double Percentile(double share)
        {
            double[] sorted = [.. times.GetValueOrDefault(HttpStatusCode.OK, []).Order()];
            return sorted.Length == 0 ? double.NaN : sorted[(int)(share * (sorted.Length - 1))];
        }
    }
}
