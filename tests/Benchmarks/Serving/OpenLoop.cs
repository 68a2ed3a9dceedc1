using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace Fovea.Benchmarks;

/// <summary>Requests at a rate that does not depend on the answers; each is timed from the moment it was meant to be sent.</summary>
internal static class OpenLoop
{
    /// <summary>Sends for so many seconds, evenly spaced or as a Poisson process.</summary>
    public static async Task<Outcome> Run(ServiceProcess service, string path, byte[] body, double perSecond, double seconds, bool poisson = false)
    {
        var outcome = new Outcome();
        var random = new Random(1);
        var underWay = new List<Task>();
        double next = 0;
        for (long start = Stopwatch.GetTimestamp(); next < seconds; next += poisson ? -Math.Log(1 - random.NextDouble()) / perSecond : 1 / perSecond)
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

    /// <summary>What came back, and how long it took.</summary>
    internal sealed class Outcome
    {
        private readonly ConcurrentDictionary<HttpStatusCode, ConcurrentQueue<double>> times = [];
        private readonly ConcurrentDictionary<TimeSpan, int> pauses = [];

        /// <summary>For example <c>200: 1204, 429: 9340</c>; 0 is a connection that failed.</summary>
        public string Statuses => string.Join(", ", times.OrderBy(pair => pair.Key).Select(pair => $"{(int)pair.Key}: {pair.Value.Count}"));

        /// <summary>The pauses in seconds that were asked for, the shortest first, and how often; for example <c>2 (310 times), 3 (40 times)</c>.</summary>
        public string RetryAfter => string.Join(", ", pauses.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key.TotalSeconds} ({pair.Value} times)"));

        public void Add(TimeSpan? pause)
        {
            if (pause is { } asked)
            {
                pauses.AddOrUpdate(asked, 1, (_, count) => count + 1);
            }
        }

        public void Add(HttpStatusCode status, double milliseconds) => times.GetOrAdd(status, _ => []).Enqueue(milliseconds);

        /// <summary>The time in milliseconds within which this share of the successes was there.</summary>
        public double Percentile(double share)
        {
            double[] sorted = [.. times.GetValueOrDefault(HttpStatusCode.OK, []).Order()];
            return sorted.Length == 0 ? double.NaN : sorted[(int)(share * (sorted.Length - 1))];
        }
    }
}
