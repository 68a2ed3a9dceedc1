using System.Diagnostics;
using System.Globalization;
using Fovea.Api.Tests;

namespace Fovea.Benchmarks;

/// <summary>Sends spoilt images and requests for a long time: the service must stay up, answer nothing with 5xx, and not grow.</summary>
internal static class Mutations
{
    public static async Task<int> Run(int seconds, int seed)
    {
        var models = new Models();
        using var service = ServiceProcess.StartMeasured(models, "lenet5");
        byte[][] originals = [File.ReadAllBytes(Models.Digit), .. new[] { (64, 48, "jpg"), (300, 200, "png"), (640, 480, "jpg") }.Select(p => File.ReadAllBytes(models.Picture(p.Item1, p.Item2, p.Item3)))];
        var mutator = new Mutator(seed, originals);
        var statuses = new SortedDictionary<int, int>();
        var memory = new ResidentMemory(service);
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            using var request = mutator.Next("/classify/lenet5");
            int status;
            try
            {
                using var answer = await service.Client.SendAsync(request);
                status = (int)answer.StatusCode;
            }
            catch (HttpRequestException)
            {
                // The connection was closed in the middle: allowed, as long as the next one is taken.
                status = 0;
            }

            statuses[status] = statuses.GetValueOrDefault(status) + 1;
            memory.Read();
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}, {seconds} s: {string.Join(", ", statuses.Select(pair => $"{pair.Key}: {pair.Value}"))}; {memory}"));
        return statuses.Keys.Any(status => status >= 500) ? 1 : 0;
    }
}
