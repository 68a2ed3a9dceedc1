using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.FineTuning;
using Fovea.Benchmarks.Serving;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;

namespace Fovea.Benchmarks.FineTuning;

/// <summary>Runs small jobs of LeNet-5 with two workers, one of which also serves, on one PostgreSQL server and one folder.</summary>
internal sealed class JobRuns : IDisposable
{
    private const int Epochs = 400;

    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, long> begun = [];
    private readonly ServiceProcess service, worker;
    private string dataset = "";

    public JobRuns(string database)
    {
        OnnxFile.Write(Catalog.Find("lenet5").Build(seed: 1), Path.Combine(folder["onnx"], "lenet5", "1", "model.onnx"));
        string[] settings =
        [
            $"--Fovea:ModelRepository={folder["onnx"]}", $"--Fovea:Data={folder["data"]}", $"--Fovea:Database={database}",
            "--Fovea:ApiKeys:0=key", "--Fovea:TakeoverSeconds=10", "--Fovea:CheckpointSeconds=1",
        ];
        service = ServiceProcess.StartBuilt([.. settings, "--role=both"]);
        worker = ServiceProcess.StartBuilt([.. settings, "--role=train"]);
        service.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "key");
    }

    /// <summary>Waits until the service is ready, and uploads the data set.</summary>
    public async Task Prepare()
    {
        await Get("/health/ready", TimeSpan.FromMinutes(2));
        using var answer = await service.Client.PostAsync("/datasets", Archives.Content(Archives.Zip(Shapes.Of(20))));
        dataset = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    /// <summary>The client of the service.</summary>
    public HttpClient Client => service.Client;

    /// <summary>The worker that does not serve.</summary>
    public ServiceProcess Worker => worker;

    /// <summary>The path of the model repository.</summary>
    public string Repository => folder["onnx"];

    /// <summary>The path of the folder of the data.</summary>
    public string Data => folder["data"];

    /// <summary>Creates a job.</summary>
    /// <returns>The job's id.</returns>
    public async Task<string> Create(string suffix) =>
        (await TryCreate(suffix)).Id ?? throw new InvalidOperationException($"The job {suffix} was refused.");

    /// <summary>Asks for a job.</summary>
    /// <returns>The status of the answer, and the job's id; null if it was refused.</returns>
    public async Task<(int Status, string? Id)> TryCreate(string suffix)
    {
        var hyperparameters = new { n_epochs = Epochs };
        using var answer = await service.Client.PostAsJsonAsync(
            "/fine_tuning/jobs", new { model = "lenet5", dataset, suffix, method = "full", hyperparameters });
        if (!answer.IsSuccessStatusCode)
        {
            return ((int)answer.StatusCode, null);
        }

        var id = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        begun[id] = Stopwatch.GetTimestamp();
        return ((int)answer.StatusCode, id);
    }

    /// <summary>Waits until a job has ended, or the time limit has passed.</summary>
    public async Task<JobRun> End(string id, TimeSpan longest)
    {
        var limit = Stopwatch.StartNew();
        string status;
        while ((status = await Status(id, longest)) is not ("succeeded" or "failed" or "cancelled") && limit.Elapsed < longest)
        {
            await Task.Delay(100);
        }

        double seconds = Stopwatch.GetElapsedTime(begun[id]).TotalSeconds;
        List<(int Number, string Message)> events = [];
        for (JsonElement page = default; page.ValueKind is JsonValueKind.Undefined || page.GetProperty("has_more").GetBoolean();)
        {
            var after = events is [.., var last] ? $"&after={last.Number}" : "";
            page = await Get($"/fine_tuning/jobs/{id}/events?limit=100{after}", longest);
            events.AddRange(page.GetProperty("data").EnumerateArray().Select(e => (
                int.Parse(e.GetProperty("id").GetString()!, null), e.GetProperty("message").GetString()!)));
        }

        int trainings = Count("Training on"), takeovers = Count("The worker");
        var epochs = events.Select(e => e.Message).Where(message => message.StartsWith("Epoch", StringComparison.Ordinal)).ToArray();
        bool isOrderly = events.Select(e => e.Number).Reverse().SequenceEqual(Enumerable.Range(1, events.Count))
            && Count("The job has begun") == 1
            && epochs.Length == Epochs && epochs.Distinct().Count() == Epochs;
        return new(status, seconds, trainings, takeovers, isOrderly);

        int Count(string start) => events.Count(e => e.Message.StartsWith(start, StringComparison.Ordinal));
    }

    /// <summary>Reads the trained file of a job.</summary>
    public byte[] Model(string suffix) => File.ReadAllBytes(Path.Combine(folder["onnx"], $"lenet5-{suffix}", "1", "model.onnx"));

    public void Dispose()
    {
        service.Dispose();
        worker.Dispose();
        Thread.Sleep(TimeSpan.FromSeconds(1));
        folder.Dispose();
    }

    private async Task<string> Status(string id, TimeSpan longest) =>
        (await Get($"/fine_tuning/jobs/{id}", longest)).GetProperty("status").GetString()!;

    /// <summary>Reads a JSON answer, and asks again while the service does not give it.</summary>
    public async Task<JsonElement> Get(string path, TimeSpan longest)
    {
        for (var limit = Stopwatch.StartNew(); ; await Task.Delay(100))
        {
            try
            {
                using var answer = await service.Client.GetAsync(path);
                if (answer.IsSuccessStatusCode)
                {
                    var text = await answer.Content.ReadAsStringAsync();
                    return text.StartsWith('{') || text.StartsWith('[') ? JsonDocument.Parse(text).RootElement : default;
                }
            }
            catch (HttpRequestException) when (limit.Elapsed < longest)
            {
                // The service is still starting.
            }

            if (limit.Elapsed > longest)
            {
                throw new TimeoutException($"{path} was not answered within {longest.TotalSeconds} s:\n{service.Log}");
            }
        }
    }
}
