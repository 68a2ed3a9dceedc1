using System.Linq.Expressions;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Fovea.Api.Jobs;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.FineTuning;
using Fovea.Benchmarks.Serving;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Microsoft.EntityFrameworkCore;

namespace Fovea.Benchmarks.FineTuning;

/// <summary>Jobs whose images are gone, so that each fails as soon as a worker has begun it, and workers for them.</summary>
internal sealed class EmptyJobs(string database) : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<ServiceProcess> services = [];

    /// <summary>Creates jobs that wait until <see cref="Run(int)"/>.</summary>
    public async Task Create(int count)
    {
        OnnxFile.Write(Catalog.Find("lenet5").Build(seed: 1), Path.Combine(folder["onnx"], "lenet5", "1", "model.onnx"));
        using var service = Start("serve", 1);
        await Ready(service);
        service.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "key");
        using var uploaded = await service.Client.PostAsync("/datasets", Archives.Content(Archives.Zip(Shapes.Of(2))));
        var dataset = (await uploaded.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        for (int i = 0; i < count; i++)
        {
            using var answer = await service.Client.PostAsJsonAsync(
                "/fine_tuning/jobs", new { model = "lenet5", dataset, suffix = $"empty-{i}", method = "head" });
            answer.EnsureSuccessStatusCode();
        }

        Directory.Delete(Path.Combine(folder["data"], "datasets"), recursive: true);
        await Run("CREATE EXTENSION pg_stat_statements");
    }

    /// <summary>Starts workers, and waits until they are ready.</summary>
    public async Task StartWorkers(int count, int places)
    {
        services.AddRange(Enumerable.Range(0, count).Select(_ => Start("train", places)));
        await Task.WhenAll(services.Select(Ready));
    }

    /// <summary>Ends the workers.</summary>
    public void StopWorkers()
    {
        services.ForEach(service => service.Dispose());
        services.Clear();
    }

    /// <summary>Makes all jobs new and paused, with no events and no files, and forgets the counted statements.</summary>
    public async Task Reset()
    {
        await Run("DELETE FROM \"Events\"");
        await Run(
            "UPDATE \"Jobs\" SET \"Status\" = 'Paused', \"QueueEntry\" = NULL, \"Worker\" = NULL, \"Fence\" = 0, \"Events\" = 0, "
                + "\"FinishedAt\" = NULL, \"ErrorCode\" = NULL, \"ErrorMessage\" = NULL");
        if (Directory.Exists(Path.Combine(folder["data"], "fine-tuning")))
        {
            Directory.Delete(Path.Combine(folder["data"], "fine-tuning"), recursive: true);
        }

        await Run("VACUUM ANALYZE");
        await Run("SELECT pg_stat_statements_reset()");
    }

    /// <summary>Lets the workers have some of the paused jobs, and waits until these have ended.</summary>
    public async Task Run(int count)
    {
        await Run(
            "UPDATE \"Jobs\" SET \"Status\" = 'Queued' WHERE \"Id\" IN "
                + $"(SELECT \"Id\" FROM \"Jobs\" WHERE \"Status\" = 'Paused' ORDER BY \"Id\" LIMIT {count})");
        await Run($"SELECT pg_notify('{JobNotice.Channel}', '{JobNotice.OfQueue}')");
        while (await Count(job => job.FinishedAt == null && job.Status != JobStatus.Paused) > 0)
        {
            await Task.Delay(100);
        }
    }

    /// <summary>
    /// The number of statements that the server has executed for the workers, including those that begin and end transactions.
    /// </summary>
    public async Task<double> Statements()
    {
        await using var context = Open();
        return await context.Database.SqlQueryRaw<double>(
            "SELECT sum(calls)::double precision AS \"Value\" FROM pg_stat_statements WHERE query NOT LIKE '%count(*)::int%<>%'")
            .SingleAsync();
    }

    /// <summary>The number of jobs that were begun more than once, or ended otherwise than by their missing images.</summary>
    public Task<int> Wrong() => Count(job => job.Fence != 1 || job.ErrorCode != "bad_dataset");

    public void Dispose()
    {
        StopWorkers();
        folder.Dispose();
    }

    private ServiceProcess Start(string role, int places) => ServiceProcess.StartBuilt(
        $"--Fovea:ModelRepository={folder["onnx"]}", $"--Fovea:Data={folder["data"]}", $"--Fovea:Database={database}",
        "--Fovea:ApiKeys:0=key", "--Fovea:MaxJobs=100000", $"--Fovea:TrainingJobs={places}", $"--role={role}");

    private static async Task Ready(ServiceProcess service)
    {
        while (true)
        {
            try
            {
                using var answer = await service.Client.GetAsync("/health/ready");
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // The service does not listen yet.
            }

            await Task.Delay(100);
        }
    }

    private FineTuningContext Open() => new(new DbContextOptionsBuilder<FineTuningContext>().UseNpgsql(database).Options);

    private async Task<int> Count(Expression<Func<Job, bool>> which)
    {
        await using var context = Open();
        return await context.Jobs.CountAsync(which);
    }

    private async Task Run(string statement)
    {
        await using var context = Open();
        await context.Database.ExecuteSqlRawAsync(statement);
    }
}
