using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fovea.Benchmarks.Serving;
using Fovea.Models.Runtime;

namespace Fovea.Benchmarks.Gpu;

/// <summary>
/// Loads the service with JPEG files from many clients, and reads from its diagnosis on what device and in what batches it ran.
/// </summary>
internal static class ServiceSpeed
{
    public static IEnumerable<CheckRow> Rows(DeviceChoice choice)
    {
        bool isGpu = choice == DeviceChoice.Cuda;
        var (name, clients, seconds) = isGpu ? ("resnet50", 128, 10) : ("resnet18", 8, 4);
        var models = new BenchmarkModels();
        var photo = File.ReadAllBytes(models.Picture(500, 375, "jpg"));
        using var service = ServiceProcess.StartBuilt(
            $"--Fovea:ModelRepository={models.Repository(name)}",
            $"--Fovea:Data={models.Data}",
            $"--Fovea:Device={choice}",
            $"--Fovea:MaxBatch={(isGpu ? 64 : 8)}");
        service.FirstAnswer($"/classify/{name}", photo);
        for (int i = 0; i < 300 && !service.Log.Contains("runs in batches of", StringComparison.Ordinal); i++)
        {
            Thread.Sleep(100);
        }

        var (right, wrong) = Load(service, $"/classify/{name}", photo, clients, seconds);
        yield return new(
            $"{name}, JPEG files of {clients} clients, images/s",
            string.Create(CultureInfo.InvariantCulture, $"{right / (double)seconds:F0}; {wrong} requests failed"),
            right > 0 && wrong == 0);
        var model = JsonDocument.Parse(service.Client.GetStringAsync("/diagnostics").GetAwaiter().GetResult())
            .RootElement.GetProperty("models")[0];
        yield return new(
            $"{name}, device and batches in use",
            $"{model.GetProperty("provider").GetString()}: {model.GetProperty("batchSizes").GetRawText().ReplaceLineEndings("")}",
            string.Equals(model.GetProperty("provider").GetString(), $"{choice}", StringComparison.OrdinalIgnoreCase));
        if (model.TryGetProperty("fp16", out var said))
        {
            yield return new($"{name}, FP16", said.GetString()!, true);
        }
    }

    private static (int Right, int Wrong) Load(ServiceProcess service, string path, byte[] photo, int clients, int seconds)
    {
        int right = 0, wrong = 0;
        long start = Stopwatch.GetTimestamp();
        async Task Client()
        {
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
            {
                using var answer = await service.Client.PostAsync(path, new ByteArrayContent(photo));
                if (answer.IsSuccessStatusCode)
                {
                    Interlocked.Increment(ref right);
                }
                else
                {
                    Interlocked.Increment(ref wrong);
                }
            }
        }

        Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(Client))).GetAwaiter().GetResult();
        return (right, wrong);
    }
}
