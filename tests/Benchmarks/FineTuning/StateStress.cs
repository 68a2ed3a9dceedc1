using System.Collections.Concurrent;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.FineTuning;

namespace Fovea.Benchmarks.FineTuning;

/// <summary>
/// For some minutes, stops PostgreSQL or a worker or takes a shared folder away, in random order and for random times, while clients create
/// jobs, upload data sets and classify. Afterwards each accepted job must have ended with the bytes of an undisturbed one, as one version,
/// with events in order; and each accepted data set must be there. Requests may only be answered, or refused with 503.
/// </summary>
internal sealed class StateStress(Postgres postgres, JobRuns jobs, int seed)
{
    private const int MostJobs = 3;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<(string Request, int Status), int> answers = [];
    private readonly ConcurrentDictionary<string, int> disturbances = [];
    private readonly List<(string Suffix, string Id)> created = [];

    /// <summary>Runs the stress, and prints the counts.</summary>
    /// <param name="minutes">The time of the disturbances. The jobs that are left then end undisturbed.</param>
    /// <param name="seed">The seed of the disturbances.</param>
    /// <returns>The exit code: 0 if nothing was lost, doubled or wrong, otherwise 1.</returns>
    public static async Task<int> Run(int minutes, int seed)
    {
        using var postgres = new Postgres();
        using var jobs = new JobRuns(postgres.Connection());
        await jobs.Prepare();
        var alone = await jobs.Create("alone");
        var undisturbed = await jobs.End(alone, Longest);
        Console.WriteLine($"seed {seed}; an undisturbed job takes {undisturbed.Seconds:F1} s and ends {undisturbed.Status}");
        var stress = new StateStress(postgres, jobs, seed);
        await stress.Disturb(TimeSpan.FromMinutes(minutes));
        return await stress.Judge();
    }

    private async Task Disturb(TimeSpan length)
    {
        using var end = new CancellationTokenSource(length);
        var clients = new[]
        {
            Repeat(TimeSpan.FromSeconds(2), CreateJob),
            Repeat(TimeSpan.FromSeconds(3), Upload),
            Repeat(TimeSpan.FromMilliseconds(200), Classify),
        };
        var random = new Random(seed);
        while (!end.IsCancellationRequested)
        {
            await Pause(random.Next(5, 15));
            var (name, begin, undo) = Disturbances[random.Next(Disturbances.Length)];
            begin();
            await Pause(random.Next(1, 60));
            undo();
            disturbances.AddOrUpdate(name, 1, (_, count) => count + 1);
        }

        await Task.WhenAll(clients);

        Task Pause(int seconds) =>
            Task.Delay(TimeSpan.FromSeconds(seconds), end.Token).ContinueWith(_ => { }, TaskScheduler.Default);

        async Task Repeat(TimeSpan pause, Func<Task> act)
        {
            while (!end.IsCancellationRequested)
            {
                await act();
                await Task.Delay(pause, CancellationToken.None);
            }
        }
    }

    private (string Name, Action Begin, Action Undo)[] Disturbances =>
    [
        ("PostgreSQL stopped", postgres.Stop, postgres.Start),
        ("data gone", () => Directory.Move(jobs.Data, $"{jobs.Data}.away"), () => Directory.Move($"{jobs.Data}.away", jobs.Data)),
        (
            "models gone",
            () => Directory.Move(jobs.Repository, $"{jobs.Repository}.away"),
            () => Directory.Move($"{jobs.Repository}.away", jobs.Repository)),
        ("worker stopped", () => jobs.Worker.Send("STOP"), () => jobs.Worker.Send("CONT")),
    ];

    private async Task CreateJob()
    {
        using var listed = await jobs.Client.GetAsync("/fine_tuning/jobs?limit=100");
        var text = await listed.Content.ReadAsStringAsync();
        Count("list jobs", (int)listed.StatusCode);
        if (text.Split("\"status\":\"queued\"").Length + text.Split("\"status\":\"running\"").Length - 2 >= MostJobs)
        {
            return;
        }

        var suffix = $"job-{created.Count}-{answers.Values.Sum()}";
        var (status, id) = await jobs.TryCreate(suffix);
        Count("create a job", status);
        if (id is not null)
        {
            created.Add((suffix, id));
        }
    }

    private async Task Upload()
    {
        using var answer = await jobs.Client.PostAsync("/datasets", Archives.Content(Archives.Zip(Shapes.Of(6))));
        Count("upload a data set", (int)answer.StatusCode);
    }

    private async Task Classify()
    {
        using var answer = await jobs.Client.PostAsync("/classify/lenet5", new ByteArrayContent(Shapes.Draw(1, isRing: true)));
        Count("classify", (int)answer.StatusCode);
    }

    private void Count(string request, int status) => answers.AddOrUpdate((request, status), 1, (_, count) => count + 1);

    private async Task<int> Judge()
    {
        List<string> faults = [];
        int takeovers = 0;
        foreach (var (suffix, id) in created)
        {
            var run = await jobs.End(id, Longest);
            takeovers += run.Takeovers;
            var versions = Path.Combine(jobs.Repository, $"lenet5-{suffix}");
            int count = Directory.Exists(versions) ? Directory.GetDirectories(versions).Length : 0;
            bool isSame = count > 0 && jobs.Model(suffix).AsSpan().SequenceEqual(jobs.Model("alone"));
            if (run.Status != "succeeded" || !run.IsOrderly || count != 1 || !isSame)
            {
                faults.Add($"{id} ({suffix}): {run}, {count} versions, {(isSame ? "the same" : "other")} bytes");
            }
        }

        // A job whose creation was refused with 503 may exist all the same, if the connection broke after the commit.
        var listed = await Listed("/fine_tuning/jobs");
        int uploaded = answers.GetValueOrDefault(("upload a data set", 201)) + 1;
        int sets = (await Listed("/datasets")).Count;
        faults.AddRange(sets == uploaded ? [] : [$"{uploaded} data sets were accepted, and {sets} are there"]);
        faults.AddRange(created.Select(job => job.Id).Except(listed).Select(id => $"{id} is lost"));
        faults.AddRange(answers.Keys.Where(answer => answer.Status is not ((>= 200 and < 300) or 503)).Select(a => $"{a}"));
        foreach (var (name, count) in disturbances.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            Console.WriteLine($"{count,6} {name}");
        }

        foreach (var ((request, status), count) in answers.OrderBy(each => each.Key))
        {
            Console.WriteLine($"{count,6} {request}: {status}");
        }

        int others = listed.Count - created.Count - 1;
        Console.WriteLine($"{created.Count} jobs accepted, {others} created though refused, {takeovers} takeovers");
        faults.ForEach(fault => Console.WriteLine($"WRONG: {fault}"));
        Console.WriteLine($"{faults.Count} faults");
        return faults.Count == 0 ? 0 : 1;
    }

    private async Task<List<string>> Listed(string path)
    {
        List<string> ids = [];
        while (true)
        {
            var after = ids is [.., var last] ? $"&after={last}" : "";
            var page = await jobs.Get($"{path}?limit=100{after}", Longest);
            ids.AddRange(page.GetProperty("data").EnumerateArray().Select(job => job.GetProperty("id").GetString()!));
            if (!page.GetProperty("has_more").GetBoolean())
            {
                return ids;
            }
        }
    }
}
