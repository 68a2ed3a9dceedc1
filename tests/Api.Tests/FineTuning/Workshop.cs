using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Fovea.Api.Jobs;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.Hosting;
using Fovea.Models.Graphs;
using Microsoft.EntityFrameworkCore;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>A repository with LeNet-5, a folder of data, and a service on them that may be killed and started again.</summary>
internal sealed class Workshop : IAsyncDisposable
{
    public const string Key = "a secret";

    private readonly TemporaryFolder data = new();
    private readonly string[] settings;
    private readonly List<ServiceProcess> processes = [];
    private TestService? service;

    private Workshop(string[] settings) => this.settings = settings;

    public Repository Repository { get; } = new Repository().With("lenet5", 1);

    public HttpClient Client { get; private set; } = new();

    public TestService Service => service!;

    public string Data => data.Path;

    public bool HasDatabase => File.Exists(data["fovea.db"]);

    /// <summary>Makes a workshop whose service runs in this process.</summary>
    public static async Task<Workshop> Start(params string[] settings)
    {
        var workshop = new Workshop(settings);
        await workshop.Start();
        return workshop;
    }

    /// <summary>Makes a workshop whose services are separate processes, none of which runs yet.</summary>
    public static Workshop OfProcesses(params string[] settings) => new(settings);

    public async Task Start()
    {
        service = await TestService.StartReady(
            Repository, null, ["--role=both", $"--Fovea:Data={data.Path}", $"--Fovea:ApiKeys:0={Key}", .. settings]);
        Use(service.Client.BaseAddress!);
    }

    public async Task Stop()
    {
        await service!.DisposeAsync();
        service = null;
    }

    /// <summary>
    /// Starts a process with a role. If the role answers requests, the test sends its requests to this process from now on.
    /// </summary>
    public async Task<ServiceProcess> StartProcess(string role, params (string Name, string Value)[] variables)
    {
        var url = new Uri($"http://127.0.0.1:{ServiceProcess.FreePort()}");
        var environment = new Dictionary<string, string?>
        {
            ["Fovea__ModelRepository"] = Repository.Folder,
            ["Fovea__Data"] = data.Path,
            ["Fovea__ApiKeys__0"] = Key,
            ["Fovea__PollSeconds"] = "1",
        };
        foreach (var (name, value) in variables)
        {
            environment[name] = value;
        }

        var process = new ServiceProcess(environment, [$"--urls={url}", $"--role={role}", .. settings]);
        processes.Add(process);
        if (role != "train")
        {
            Use(url);
        }

        using var probe = new HttpClient { BaseAddress = url };
        await Eventually.True(() => IsReady(probe));
        return process;
    }

    public async Task<string> Upload(int each = 20)
    {
        using var answer = await Client.PostAsync("/datasets", Archives.Content(Archives.Zip(Shapes.Of(each))));
        return (await Json(answer, 201)).GetProperty("id").GetString()!;
    }

    public async Task<string> Create(
        string dataset,
        string suffix = "shapes",
        int epochs = 3,
        string method = "full",
        string publish = "auto",
        string model = "lenet5")
    {
        var body = $$"""
            {
                "model": "{{model}}",
                "dataset": "{{dataset}}",
                "suffix": "{{suffix}}",
                "method": "{{method}}",
                "publish": "{{publish}}",
                "hyperparameters": { "n_epochs": {{epochs}} }
            }
            """;
        using var answer = await Client.PostAsync("/fine_tuning/jobs", new StringContent(body, Encoding.UTF8, "application/json"));
        return (await Json(answer, 201)).GetProperty("id").GetString()!;
    }

    public async Task<JsonElement> Post(string job, string verb, int status = 200)
    {
        using var answer = await Client.PostAsync($"/fine_tuning/jobs/{job}/{verb}", null);
        return await Json(answer, status);
    }

    public Task<JsonElement> Get(string path) => Client.GetFromJsonAsync<JsonElement>(path);

    public Task<JsonElement> Job(string job) => Get($"/fine_tuning/jobs/{job}");

    /// <summary>Waits until a job has this status. Fails at once if the job ends with another status.</summary>
    public async Task<JsonElement> Until(string job, string status)
    {
        JsonElement now = default;
        await Eventually.True(
            async () =>
            {
                now = await Job(job);
                var reached = now.GetProperty("status").GetString();
                Assert.True(reached == status || reached is not ("failed" or "succeeded" or "cancelled"), $"{now}");
                return reached == status;
            },
            $"{job} to be {status}");
        return now;
    }

    /// <summary>Waits until an event of a job contains this text.</summary>
    public Task UntilTold(string job, string text) =>
        Eventually.True(
            async () => (await Told(job)).Any(message => message.Contains(text, StringComparison.Ordinal)), $"{job} to tell: {text}");

    /// <summary>Returns the messages of a job's events, in order.</summary>
    public async Task<string[]> Told(string job)
    {
        List<JsonElement> told = [];
        for (bool isMore = true; isMore;)
        {
            var after = told is [.., var last] ? $"&after={last.GetProperty("id").GetString()}" : "";
            var page = await Get($"/fine_tuning/jobs/{job}/events?limit=100{after}");
            told.AddRange(page.GetProperty("data").EnumerateArray());
            isMore = page.GetProperty("has_more").GetBoolean();
        }

        return [.. told.Select(e => e.GetProperty("message").GetString()!).Reverse()];
    }

    /// <summary>Checks that each epoch has one event among these messages.</summary>
    public static void HasEachEpochOnce(IEnumerable<string> messages, int epochs)
    {
        var told = messages.Where(message => message.StartsWith("Epoch ", StringComparison.Ordinal))
            .Select(message => int.Parse(message.Split(' ')[1], null));
        Assert.Equal(Enumerable.Range(1, epochs), told.Order());
    }

    /// <summary>Reads the stream of a job's events to its end, and returns the numbers and messages in the order of arrival.</summary>
    public async Task<(int Number, string Message)[]> Follow(string job, int after = 0)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/fine_tuning/jobs/{job}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (after > 0)
        {
            request.Headers.Add("Last-Event-ID", $"{after}");
        }

        using var answer = await Client.SendAsync(request);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n').Where(line => line.Length > 1).ToArray();
        return
        [
            .. lines.Chunk(2).Select(pair =>
                (
                    int.Parse(pair[0]["id: ".Length..], null),
                    JsonDocument.Parse(pair[1]["data: ".Length..]).RootElement.GetProperty("message").GetString()!)),
        ];
    }

    /// <summary>
    /// Follows the stream of a job's events while they happen, until the job has ended. Returns the events' numbers in the order of
    /// arrival.
    /// </summary>
    public async Task<int[]> FollowLive(string job, Action? arrived = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/fine_tuning/jobs/{job}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var answer = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        List<int> numbers = [];
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                numbers.Add(int.Parse(line["id: ".Length..], null));
                arrived?.Invoke();
            }
        }

        return [.. numbers];
    }

    /// <summary>Changes the database directly, without the service.</summary>
    public async Task Sql(string statement)
    {
        await using var database = new FineTuningContext(
            new DbContextOptionsBuilder<FineTuningContext>().UseSqlite($"Data Source={data["fovea.db"]}").Options);
        await database.Database.ExecuteSqlRawAsync(statement);
    }

    public byte[] Model(string suffix, int version = 1) =>
        File.ReadAllBytes(Path.Combine(Repository.Folder, $"lenet5-{suffix}", $"{version}", "model.onnx"));

    public int[] Versions(string suffix) => VersionsOf($"lenet5-{suffix}");

    public int[] VersionsOf(string model) =>
    [
        .. Directory.GetDirectories(Path.Combine(Repository.Folder, model))
            .Select(folder => int.Parse(Path.GetFileName(folder), null)).Order(),
    ];

    /// <summary>Finds the processes of the training program that run this command for the jobs of this workshop.</summary>
    public IReadOnlyList<Process> Trainers(string command = "finetune") => Processes(command, data.Path);

    /// <summary>Finds the processes that try a model before it is added to the repository of this workshop.</summary>
    public IReadOnlyList<Process> Checks() => Processes("--check", Repository.Folder);

    private static IReadOnlyList<Process> Processes(string command, string path) =>
    [
        .. from folder in Directory.GetDirectories("/proc")
           let name = Path.GetFileName(folder)
           where name.All(char.IsAsciiDigit)
               && CommandLine(folder) is var line
               && line.Contains($"{command}\0", StringComparison.Ordinal)
               && line.Contains(path, StringComparison.Ordinal)
           select Process.GetProcessById(int.Parse(name, null)),
    ];

    /// <summary>Returns the id of the parent of a process.</summary>
    public static int ParentOf(Process process) =>
        int.Parse(
            File.ReadLines($"/proc/{process.Id}/status")
                .Single(line => line.StartsWith("PPid:", StringComparison.Ordinal))["PPid:".Length..],
            null);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        processes.ForEach(process => process.Dispose());
        if (service is not null)
        {
            await service.DisposeAsync();
        }

        await Eventually.True(() => Task.FromResult(Trainers() is []), "training processes to end with their service");
        Repository.Dispose();
        data.Dispose();
    }

    internal static async Task<JsonElement> Json(HttpResponseMessage answer, int status)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static async Task<bool> IsReady(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync("/health/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private void Use(Uri address)
    {
        Client.Dispose();
        Client = new HttpClient
        {
            BaseAddress = address,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Key) },
        };
    }
}
