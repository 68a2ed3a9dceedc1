using System.Diagnostics;
using System.Globalization;
using Fovea.Api.Tests.Robustness;
using Fovea.Models.Graphs;

namespace Fovea.Benchmarks.Serving;

/// <summary>
/// Measures the cost of small files that need much to decode: the service must refuse each, or answer from its beginning, within 100 ms and
/// 50 MiB.
/// </summary>
internal static class BombBenchmark
{
    private const int Times = 5, MostMilliseconds = 100;
    private const long MostBytes = 50 << 20;

    public static async Task<int> Run()
    {
        var models = new BenchmarkModels();
        using var service = ServiceProcess.StartMeasured(models, "lenet5");
        var photo = await File.ReadAllBytesAsync(models.Picture(4000, 3000, "jpg"));
        (string Name, byte[] File)[] bombs =
        [
            ("PNG of 500 megapixels", Bombs.PngHeader(25_000, 20_000)),
            ("PNG whose 49 megapixels are missing", Bombs.PngHeader(7_000, 7_000)),
            ("JPEG of 12 megapixels, cut in its header", photo[..100]),
            ("JPEG that says it is of 65,500 x 65,500", Widened(photo)),
            ("GIF of 10,000 frames", Bombs.Gif(10_000)),
        ];
        await service.Client.PostAsync("/classify/lenet5", new ByteArrayContent(Bombs.Gif(1)));
        bool within = true;
        foreach (var (name, file) in bombs)
        {
            var milliseconds = new double[Times];
            int status = 0;
            long rise = await service.Rise(async () =>
            {
                for (int i = 0; i < Times; i++)
                {
                    long start = Stopwatch.GetTimestamp();
                    using var answer = await service.Client.PostAsync("/classify/lenet5", new ByteArrayContent(file));
                    (milliseconds[i], status) = (Stopwatch.GetElapsedTime(start).TotalMilliseconds, (int)answer.StatusCode);
                }
            });
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: {status}, median {milliseconds.Order().ElementAt(Times / 2):F1} ms, slowest {milliseconds.Max():F1} ms, "
                    + $"{rise / (double)(1 << 20):F1} MiB more at the highest"));
            within &= milliseconds.Max() <= MostMilliseconds && rise <= MostBytes;
        }

        return within ? 0 : 1;
    }

    // Changes the size in the frame header (T.81, B.2.2: marker, length, precision, then height and width).
    private static byte[] Widened(byte[] jpeg)
    {
        byte[] file = [.. jpeg];
        int frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        (file[frame + 5], file[frame + 6], file[frame + 7], file[frame + 8]) = (0xFF, 0xDC, 0xFF, 0xDC);
        return file;
    }
}
