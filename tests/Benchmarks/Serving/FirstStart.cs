using System.Diagnostics;
using System.Globalization;

namespace Fovea.Benchmarks.Serving;

/// <summary>Measures the images per second of a service from its first answer on, when no measurements of the model are stored.</summary>
internal static class FirstStart
{
    private const int Seconds = 60;

    /// <summary>Prints the images of each second, and the batch sizes that the service has measured.</summary>
    public static async Task<int> Run(string model, int clients)
    {
        var models = new BenchmarkModels();
        if (model.EndsWith(".onnx", StringComparison.Ordinal))
        {
            model = models.Add(model);
        }

        double bare = BareRuntime.Best(models.ModelFile(model), seconds: 4, 1, 4);
        var data = Directory.CreateTempSubdirectory("fovea-first-start-").FullName;
        var body = await File.ReadAllBytesAsync(model == "lenet5" ? BenchmarkModels.Digit : models.Picture(640, 480, "jpg"));
        using var service = ServiceProcess.Start(models, model, $"--Fovea:Data={data}");
        var first = service.FirstAnswer($"/classify/{model}", body);
        long start = Stopwatch.GetTimestamp();
        int[] answered = new int[Seconds];
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(Classify)));
        var tuned = service.Log.Split('\n').LastOrDefault(line => line.Contains("runs in batches of", StringComparison.Ordinal))?.Trim();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{model}, {clients} clients, fresh data: first answer after {first.TotalSeconds:F2} s; "
                + $"images in each second: {string.Join(' ', answered)}; bare runtime, before: {bare:F1} a second; the "
                + $"slowest ten seconds in turn are {Slowest(answered, 10) / bare:F2} of it; {tuned ?? "not tuned by then"}"));
        Directory.Delete(data, recursive: true);
        return 0;

        static double Slowest(int[] counts, int seconds) =>
            Enumerable.Range(0, counts.Length - seconds + 1).Min(first => counts.AsSpan(first, seconds).ToArray().Average());

        async Task Classify()
        {
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < Seconds)
            {
                using var answer = await service.Client.PostAsync($"/classify/{model}", new ByteArrayContent(body));
                answer.EnsureSuccessStatusCode();
                int second = (int)Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (second < Seconds)
                {
                    Interlocked.Increment(ref answered[second]);
                }
            }
        }
    }
}
