using System.Security.Cryptography;
using System.Text.Json;
using Fovea.Api.Scheduling;
using Fovea.Api.Tuning;

namespace Fovea.Api.Tests.Robustness.Stress;

/// <summary>
/// Serves under load while everything around the service changes: starts, swaps, replaced files, publishing, unloading, deleting, stopping.
/// </summary>
internal sealed class StressRun : IDisposable
{
    private const int Clients = 8;

    private readonly Random random;
    private readonly int seed;
    private readonly string folder = Directory.CreateTempSubdirectory("fovea-stress-").FullName;
    private readonly byte[] image;
    private readonly StressModel[] contents;

    /// <param name="seed">The seed of the order of events, as far as this process determines it.</param>
    /// <param name="image">The image file that is sent to every model.</param>
    public StressRun(int seed, byte[] image)
    {
        (this.seed, this.image, random) = (seed, image, new Random(seed));
        contents = [.. Enumerable.Range(1, 6).Select(id => StressModel.Make(id, image))];
    }

    private string Repository => Path.Combine(folder, "onnx");

    /// <summary>
    /// Starts a service under load many times: with empty data, and with stored sizes of every kind, which are replaced while images wait.
    /// </summary>
    /// <param name="count">The number of starts.</param>
    /// <param name="answers">The number of answers after which a service is stopped under load.</param>
    public async Task<StressFindings> Starts(int count, int answers = 40)
    {
        var findings = new StressFindings();
        using var delays = StressService.DelayTransitions(seed);
        Put("model", 1, contents[0]);
        for (int i = 0; i < count; i++)
        {
            var data = Path.Combine(folder, $"data-{i}");
            Remember(data, i % 4);
            await using var service = await StressService.Start(Repository, data, findings);
            service.Classify(Clients, image, contents, "/classify/model", "/classify/model/versions/1");
            await service.UntilAnswered(findings.Right + answers);
        }

        return findings;
    }

    /// <summary>Changes the sessions of one model under load this number of times.</summary>
    public async Task<StressFindings> SessionChanges(int count)
    {
        var findings = new StressFindings();
        using var delays = StressService.DelayTransitions(seed);
        Put("model", 1, contents[0]);
        using var sessions = new SessionStress(Path.Combine(Repository, "model", "1", "model.onnx"), seed, findings);
        await sessions.Run(count, Clients);
        return findings;
    }

    /// <summary>Changes the models of a service under load in every possible way, and restarts the service now and then.</summary>
    public async Task<StressFindings> Changes(TimeSpan time)
    {
        var findings = new StressFindings();
        using var delays = StressService.DelayTransitions(seed);
        long end = Environment.TickCount64 + (long)time.TotalMilliseconds;
        while (Environment.TickCount64 < end)
        {
            Put("a", 1, contents[0]);
            Put("b", 1, contents[1]);
            var data = Path.Combine(folder, "data");
            await using var service = await StressService.Start(Repository, data, findings, "--Fovea:PollSeconds=1", "--Fovea:MaxQueue=6");
            service.Classify(Clients, image, contents, "/classify/a", "/classify/b", "/classify/a/versions/2", "/classify/b/versions/1");
            long stop = Math.Min(end, Environment.TickCount64 + random.Next(5_000, 30_000));
            await Task.WhenAll(Administer(service, "a", stop, new(random.Next())), Administer(service, "b", stop, new(random.Next())));
        }

        return findings;
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task Administer(StressService service, string model, long stop, Random chance)
    {
        while (Environment.TickCount64 < stop)
        {
            int version = chance.Next(1, 5);
            var content = contents[chance.Next(contents.Length)];
            await (chance.Next(8) switch
            {
                0 or 1 => service.Administer(HttpMethod.Put, $"/models/{model}/versions/{version}", content.Bytes),
                2 => service.Administer(HttpMethod.Post, $"/models/{model}/versions/{version}/publish"),
                3 => service.Administer(HttpMethod.Post, $"/models/{model}/rollback"),
                4 => service.Administer(HttpMethod.Post, $"/models/{model}/{(chance.Next(2) == 0 ? "unload" : "load")}"),
                5 => service.Administer(HttpMethod.Delete, $"/models/{model}/versions/{version}"),
                _ => Replace(model, version, content, chance),
            });
            await Task.Delay(chance.Next(0, 400));
        }
    }

    // Writes in the way of cp: the file keeps its inode, and is written piece by piece.
    private async Task Replace(string model, int version, StressModel content, Random chance)
    {
        try
        {
            var path = Path.Combine(Repository, model, $"{version}", "model.onnx");
            await using var file = new FileStream(path, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            foreach (var piece in content.Bytes.Chunk(content.Bytes.Length / 4))
            {
                await file.WriteAsync(piece);
                await file.FlushAsync();
                await Task.Delay(chance.Next(0, 40));
            }
        }
        catch (IOException)
        {
            // The version does not exist at the moment.
        }
    }

    private void Put(string model, int version, StressModel content)
    {
        var path = Path.Combine(Repository, model, $"{version}", "model.onnx");
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content.Bytes);
        }
    }

    private void Remember(string data, int kind)
    {
        MeasuredSize[]? sizes = kind switch
        {
            1 => [new(1, 100), new(4, 110), new(1, 190, Spread: true)],
            2 => [new(1, 100, Rewritten: true), new(2, 110, Rewritten: true), new(1, 900, Spread: true)],
            3 => [new(4, 110, Rewritten: true)],
            _ => null,
        };
        if (sizes is not null)
        {
            Directory.CreateDirectory(data);
            var key = SizesFile.Key(Convert.ToHexStringLower(SHA256.HashData(contents[0].Bytes)), "cpu", maxBatch: 32);
            var json = JsonSerializer.SerializeToUtf8Bytes(new() { [key] = sizes }, TuningJson.Default.DictionaryStringMeasuredSizeArray);
            File.WriteAllBytes(Path.Combine(data, "batch-sizes.json"), json);
        }
    }
}
