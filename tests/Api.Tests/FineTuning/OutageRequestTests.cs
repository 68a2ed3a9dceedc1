using System.Net.Http.Headers;
using System.Text;
using Fovea.Api.Grpc.Messages;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.Grpc;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using Grpc.Net.Client;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>
/// While PostgreSQL is stopped, requests that need it are refused with 503, all others are answered, and afterwards everything goes on.
/// </summary>
[Trait("Needs", "services")]
public sealed class OutageRequestTests : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);

    private readonly Postgres postgres = new();

    [Fact]
    public async Task Outage_loses_and_doubles_nothing_and_refuses_with_503_what_needs_the_database()
    {
        var stop = TestContext.Current.CancellationToken;
        int port = ServiceProcess.FreePort();
        await using var workshop = await Workshop.Start($"--Fovea:Database={postgres.Connection()}", $"--Fovea:GrpcPort={port}");
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
        var dataset = await workshop.Upload();
        var running = await workshop.Create(dataset, "running", epochs: 100_000);
        await workshop.UntilTold(running, "Checkpoint");
        var arrived = new SemaphoreSlim(0);
        var following = workshop.FollowLive(running, () => arrived.Release());
        Assert.True(await arrived.WaitAsync(Longest, stop), "The stream of events sent nothing.");
        var release = new TaskCompletionSource();
        var uploading = workshop.Client.PostAsync("/datasets", new HeldContent(Archives.Zip(Shapes.Of(12)), release.Task), stop);
        postgres.Stop();

        // The service answers requests that need no database.
        await IsOk(workshop.Client.PostAsync("/classify/lenet5", Shapes.Draw(1, isRing: true).As(null), stop));
        await IsOk(workshop.Client.PostAsync("/models/lenet5/versions/1/publish", null, stop));
        await IsOk(workshop.Client.GetAsync("/v1/models", stop));
        await new GRPCInferenceService.GRPCInferenceServiceClient(channel).ModelInferAsync(GrpcService.Zeros(), cancellationToken: stop);
        release.SetResult();
        using var uploaded = await uploading;
        var second = (await Workshop.Json(uploaded, 201)).GetProperty("id").GetString()!;
        await IsOk(workshop.Client.PostAsync("/v1/files", Form(), stop));

        // The service refuses each request that needs the database, also on connections that were open before the outage.
        foreach (int attempt in Enumerable.Range(0, 5))
        {
            await IsRefused(workshop.Client.PostAsync("/fine_tuning/jobs", Job(second, $"refused-{attempt}"), stop));
            await IsRefused(workshop.Client.GetAsync("/fine_tuning/jobs", stop));
            await IsRefused(workshop.Client.GetAsync($"/fine_tuning/jobs/{running}", stop));
            await IsRefused(workshop.Client.PostAsync($"/fine_tuning/jobs/{running}/pause", null, stop));
            using var answer = await workshop.Client.GetAsync("/v1/fine_tuning/jobs", stop);
            var error = (await Workshop.Json(answer, 503)).GetProperty("error");
            Assert.Contains("Retry later.", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        }

        postgres.Start();
        await Eventually.True(async () => (await workshop.Client.GetAsync("/fine_tuning/jobs", stop)).IsSuccessStatusCode);

        // The stream that was open all the time goes on: it sends more than what had arrived by now.
        while (arrived.Wait(0, stop))
        {
        }

        Assert.True(await arrived.WaitAsync(Longest, stop), "The stream of events sent nothing after the outage.");
        await workshop.Post(running, "cancel");
        var numbers = await following.WaitAsync(Longest, stop);
        Assert.Equal(Enumerable.Range(1, numbers.Length), numbers);

        var after = await workshop.Create(second, "after");
        await workshop.Until(after, "succeeded");
        var jobs = (await workshop.Get("/fine_tuning/jobs?limit=100")).GetProperty("data").EnumerateArray();
        Assert.Equal([after, running], jobs.Select(job => job.GetProperty("id").GetString()!));
        Assert.Equal(3, (await workshop.Get("/datasets")).GetProperty("data").GetArrayLength());
        Assert.Equal([1], workshop.Versions("after"));
        Assert.Equal("", string.Join('\n', workshop.Service.Logs.Errors));
    }

    public void Dispose() => postgres.Dispose();

    private static async Task IsOk(Task<HttpResponseMessage> asked)
    {
        using var answer = await asked;
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task IsRefused(Task<HttpResponseMessage> asked)
    {
        using var answer = await asked;
        await answer.IsProblem(503, "unavailable", "Retry later.");
    }

    private static StringContent Job(string dataset, string suffix) => new(
        $$"""{"model": "lenet5", "dataset": "{{dataset}}", "suffix": "{{suffix}}"}""", Encoding.UTF8, "application/json");

    private static MultipartFormDataContent Form()
    {
        var file = new ByteArrayContent(Archives.Zip(Shapes.Of(6)));
        file.Headers.ContentType = MediaTypeHeaderValue.Parse("application/zip");
        return new() { { new StringContent("fine-tune"), "purpose" }, { file, "file", "shapes.zip" } };
    }
}
