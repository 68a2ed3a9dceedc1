using System.Diagnostics;
using System.Globalization;

namespace Fovea.Benchmarks.Serving;

/// <summary>Measures the images per second of a service from its first answer on, when no measurements of the model are stored.</summary>
internal static class FirstStart
{
    // Sessions are opened and tried in the first seconds, so the slowest seconds are looked for there.
    private const int Beginning = 10;

    /// <summary>Prints the images of each second, and the batch sizes that the service has measured.</summary>
    /// <param name="model">The name of a network, or the path of an .onnx file.</param>
    /// <param name="clients">The number of clients. Each has one request in flight.</param>
    /// <param name="seconds">The seconds from the first answer on, at least 10.</param>
    public static async Task<int> Run(string model, int clients, int seconds)
    {
        if (seconds < Beginning)
        {
            Console.Error.WriteLine($"The number of seconds is {seconds}; expected at least {Beginning}.");
            return 1;
        }

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
        int[] answered = new int[seconds];
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(Classify)));
        var tuned = service.Log.Split('\n').LastOrDefault(line => line.Contains("runs in batches of", StringComparison.Ordinal))?.Trim();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{model}, {clients} clients, fresh data: first answer after {first.TotalSeconds:F2} s; "
                + $"images in each second: {string.Join(' ', answered)}; bare runtime, before: {bare:F1} a second; of it, the "
                + $"slowest two seconds of the first {Beginning} are {Slowest(answered[..Beginning], 2) / bare:F2}, the slowest four "
                + $"{Slowest(answered[..Beginning], 4) / bare:F2}, the slowest ten of all {Slowest(answered, 10) / bare:F2}; "
                + $"{tuned ?? "not tuned by then"}"));
        Directory.Delete(data, recursive: true);
        return 0;

        static double Slowest(int[] counts, int length) =>
            Enumerable.Range(0, counts.Length - length + 1).Min(first => counts.AsSpan(first, length).ToArray().Average());

        async Task Classify()
        {
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
            {
                using var answer = await service.Client.PostAsync($"/classify/{model}", new ByteArrayContent(body));
                answer.EnsureSuccessStatusCode();
                int second = (int)Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (second < seconds)
                {
                    Interlocked.Increment(ref answered[second]);
                }
            }
        }
    }
}
