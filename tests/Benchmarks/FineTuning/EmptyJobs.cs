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

    /// <summary>Creates jobs that wait until <see cref="Release"/>.</summary>
    public async Task Create(int count)
    {
        OnnxFile.Write(Catalog.Find("lenet5").Build(seed: 1), Path.Combine(folder["onnx"], "lenet5", "1", "model.onnx"));
        using var service = Start("serve");
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

        await Run("UPDATE \"Jobs\" SET \"Status\" = 'Paused'");
        Directory.Delete(Path.Combine(folder["data"], "datasets"), recursive: true);
    }

    /// <summary>Starts workers, and waits until they are ready.</summary>
    public async Task StartWorkers(int count)
    {
        services.AddRange(Enumerable.Range(0, count).Select(_ => Start("train")));
        await Task.WhenAll(services.Select(Ready));
    }

    /// <summary>Lets the workers have the jobs.</summary>
    public Task Release() => Run("UPDATE \"Jobs\" SET \"Status\" = 'Queued'");

    /// <summary>The number of jobs that have not ended.</summary>
    public async Task<int> Unfinished()
    {
        await using var context = Open();
        return await context.Jobs.CountAsync(job => job.FinishedAt == null);
    }

    /// <summary>The number of jobs that were begun more than once, or ended otherwise than by their missing images.</summary>
    public async Task<int> Wrong()
    {
        await using var context = Open();
        return await context.Jobs.CountAsync(job => job.Fence != 1 || job.ErrorCode != "bad_dataset");
    }

    public void Dispose()
    {
        services.ForEach(service => service.Dispose());
        folder.Dispose();
    }

    private ServiceProcess Start(string role) => ServiceProcess.StartBuilt(
        $"--Fovea:ModelRepository={folder["onnx"]}", $"--Fovea:Data={folder["data"]}", $"--Fovea:Database={database}",
        "--Fovea:ApiKeys:0=key", "--Fovea:MaxJobs=100000", $"--role={role}");

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

    private async Task Run(string statement)
    {
        await using var context = Open();
        await context.Database.ExecuteSqlRawAsync(statement);
    }
}
