using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Fovea.Api.Tests.Robustness;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;

namespace Fovea.Benchmarks.Serving;

/// <summary>
/// Sends mutated images, JSON, archives and models for a long time, with one client for each kind. The service must keep running, must not
/// answer with 5xx, must not log an exception, and must not grow.
/// </summary>
internal static class Mutations
{
    private const string Key = "mutations";

    // The number of uploads that should have been refused: the service accepted them, and then they read a file outside of their folder or
    // failed.
    private static int wrong;

    public static async Task<int> Run(int seconds, int seed)
    {
        var models = new BenchmarkModels();
        var data = Directory.CreateTempSubdirectory("fovea-mutations-");
        var repository = Directory.CreateTempSubdirectory("fovea-mutations-");
        OnnxFile.Write(Catalog.Find("lenet5").Build(seed: 1), Path.Combine(repository.FullName, "lenet5", "1", "model.onnx"));
        using var service = ServiceProcess.StartMeasured(
            models, "lenet5", $"--Fovea:ModelRepository={repository.FullName}", $"--Fovea:Data={data.FullName}", $"--Fovea:ApiKeys:0={Key}",
            "--role=serve");
        service.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        var dataset = await Dataset(service.Client);
        Kind[] kinds =
        [
            Images(models, seed),
            Json("classify", "/classify/lenet5", seed, """{"image": "DIGIT"}"""),
            Json("infer", "/v2/models/lenet5/infer", seed,
                """{"id": "a", "inputs": [{"name": "input", "shape": [1], "datatype": "BYTES", "data": ["DIGIT"]}]}""",
                """{"inputs": [{"name": "input", "shape": [1, 1, 28, 28], "datatype": "FP32", "data": [[0.5, 1e3]], """
                    + """ "parameters": {"x": "y"}}]}"""),
            Json("index", "/v2/repository/index", seed, """{"ready": true}"""),
            Json("jobs", "/fine_tuning/jobs", seed,
                $$"""{"model": "lenet5", "dataset": "{{dataset}}", "suffix": "s", "hyperparameters": {"n_epochs": 3}, """
                    + """ "metadata": {"a": "b"}, "publish": "manual"}"""),
            Archives(seed),
            Models(models, seed),
            Foreign(seed),
        ];
        await File.WriteAllBytesAsync(Path.Combine(repository.FullName, ModelMutator.Canary), ModelMutator.CanaryContent);

        var memory = new ResidentMemory(service);
        long start = Stopwatch.GetTimestamp();
        var clients = Task.WhenAll(kinds.Select(
            kind => Task.Run(() => Send(service.Client, kind, () => Stopwatch.GetElapsedTime(start).TotalSeconds < seconds))));
        while (await Task.WhenAny(clients, Task.Delay(100)) != clients)
        {
            memory.Read();
        }

        await clients;
        foreach (var kind in kinds)
        {
            var statuses = kind.Statuses.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}: {pair.Value}");
            Console.WriteLine($"{kind.Name}: {kind.Statuses.Values.Sum()} requests; {string.Join(", ", statuses)}");
        }

        int errors = service.Errors;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"seed {seed}, {seconds} s: {errors} errors in the log; {memory}"));
        bool isSound = errors == 0 && wrong == 0 && kinds.All(kind => kind.Statuses.Keys.All(status => status < 500));
        data.Delete(recursive: true);
        repository.Delete(recursive: true);
        return isSound ? 0 : 1;
    }

    private static async Task Send(HttpClient client, Kind kind, Func<bool> goesOn)
    {
        while (goesOn())
        {
            using var request = kind.Next();
            int status;
            try
            {
                using var answer = await client.SendAsync(request);
                status = (int)answer.StatusCode;
                if (status == 201 && kind.Undo is not null)
                {
                    await kind.Undo(client, answer);
                }

                if (status >= 500)
                {
                    Console.WriteLine($"{kind.Name} ({kind.Description()}): {status} {await answer.Content.ReadAsStringAsync()}");
                }
            }
            catch (HttpRequestException)
            {
                // The service may close the connection during a request, as long as it accepts the next one.
                status = 0;
            }

            kind.Statuses.AddOrUpdate(status, 1, (_, count) => count + 1);
        }
    }

    private static Kind Images(BenchmarkModels models, int seed)
    {
        (int Width, int Height, string Ending)[] pictures = [(64, 48, "jpg"), (300, 200, "png"), (640, 480, "jpg")];
        string[] originals =
        [
            BenchmarkModels.Digit, .. pictures.Select(picture => models.Picture(picture.Width, picture.Height, picture.Ending)),
        ];
        var mutator = new Mutator(seed, [.. originals.Select(File.ReadAllBytes)]);
        return new("images", () => mutator.Next("/classify/lenet5"));
    }

    private static Kind Json(string name, string path, int seed, params string[] originals)
    {
        var mutator = new JsonMutator(seed);
        var digit = Convert.ToBase64String(File.ReadAllBytes(BenchmarkModels.Digit));
        return new(name, () =>
        {
            var original = mutator.OneOf(originals).Replace("DIGIT", digit, StringComparison.Ordinal);
            return Request(HttpMethod.Post, path, mutator.Spoil(original), "application/json");
        });
    }

    private static Kind Archives(int seed)
    {
        var mutator = new JsonMutator(seed);
        var zip = Zip();
        return new("archives", () => Request(HttpMethod.Post, "/datasets", mutator.Spoil(zip), "application/zip"))
        {
            Undo = (client, answer) => client.DeleteAsync(answer.Headers.Location),
        };
    }

    // Mutates the .onnx file, its model.json, its labels or their file names, one at a time.
    private static Kind Models(BenchmarkModels models, int seed)
    {
        var mutator = new JsonMutator(seed);
        var model = File.ReadAllBytes(models.ModelFile("lenet5"));
        int number = 1;
        return new("models", () =>
        {
            int spoilt = mutator.OneOf(0, 0, 1, 1, 2, 3);
            byte[] onnx = spoilt == 0 ? mutator.Spoil(model) : model;
            byte[] json = Spoil(1, """{"labels": "labels.txt", "preprocessing": {"crop": [28, 28], "color": "Gray", "scale": 0.004}}""");
            byte[] labels = Spoil(2, "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n"), name = Spoil(3, "labels.txt");
            byte[] form = [.. Part("model.onnx"u8, onnx), .. Part("model.json"u8, json), .. Part(name, labels), .. "--x--\r\n"u8];
            return Request(HttpMethod.Put, $"/models/spoilt/versions/{++number}", form, "multipart/form-data; boundary=x");

            byte[] Spoil(int which, string original) => which == spoilt ? mutator.Spoil(original) : Encoding.UTF8.GetBytes(original);
        })
        {
            Undo = (client, answer) => client.DeleteAsync($"/models/spoilt/versions/{number}"),
        };

        static byte[] Part(ReadOnlySpan<byte> name, byte[] content) =>
            [.. "--x\r\nContent-Disposition: form-data; name=f; filename=\""u8, .. name, .. "\"\r\n\r\n"u8, .. content, .. "\r\n"u8];
    }

    // Mutates models of other software, as messages and as bytes, and the files beside them.
    private static Kind Foreign(int seed)
    {
        var mutator = new ModelMutator(seed);
        int number = 0;
        return new("foreign models", () => new(HttpMethod.Put, $"/models/foreign/versions/{++number}") { Content = mutator.Next() })
        {
            Description = () => mutator.Last,
            Undo = async (client, _) =>
            {
                using var image = new ByteArrayContent(await File.ReadAllBytesAsync(BenchmarkModels.Digit));
                using var answer = await client.PostAsync("/classify/foreign", image);
                if ((int)answer.StatusCode >= 500 || mutator.LastLooksOutside)
                {
                    Interlocked.Increment(ref wrong);
                    Console.WriteLine($"{mutator.Last}: accepted, and then {await answer.Content.ReadAsStringAsync()}");
                }

                await client.DeleteAsync($"/models/foreign/versions/{number}");
            },
        };
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, byte[] body, string mediaType)
    {
        var request = new HttpRequestMessage(method, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", mediaType);
        return request;
    }

    private static async Task<string> Dataset(HttpClient client)
    {
        using var request = Request(HttpMethod.Post, "/datasets", Zip(), "application/zip");
        using var answer = await client.SendAsync(request);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("id").GetString()!;
    }

    private static byte[] Zip()
    {
        var digit = File.ReadAllBytes(BenchmarkModels.Digit);
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var path in (string[])
            [
                "ants/1.png",
                "ants/2.png",
                "ants/3.png",
                "bees/1.png",
                "bees/2.png",
                "b\u00e9/1.png",
                "b\u00e9/2.png",
            ])
            {
                using var entry = zip.CreateEntry(path, CompressionLevel.NoCompression).Open();
                entry.Write([.. digit, .. Encoding.UTF8.GetBytes(path)]);
            }
        }

        return stream.ToArray();
    }

    private sealed record Kind(string Name, Func<HttpRequestMessage> Next)
    {
        public Func<HttpClient, HttpResponseMessage, Task>? Undo { get; init; }

        public Func<string> Description { get; init; } = () => "";

        public ConcurrentDictionary<int, int> Statuses { get; } = [];
    }
}
