using System.Diagnostics;
using System.Net;
using System.Text;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.ModelRepository;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>
/// The shared disk is gone for a while: its folder is renamed, so that every path on it is missing. Requests that need it are refused with
/// 503, jobs wait, and nothing is written in its place.
/// </summary>
[Trait("Needs", "services")]
public sealed class DiskTests : IDisposable
{
    // The number of epochs that gives some seconds of training.
    private const int Epochs = 500;

    private const string Gone = "cannot be reached now, perhaps because its disk is gone. Retry later.";

    private readonly Postgres postgres = new();

    [Fact]
    public async Task Job_waits_for_the_data_and_requests_for_them_are_refused()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var workshop = await Workshop.Start($"--Fovea:Database={postgres.Connection()}");
        var dataset = await workshop.Upload();
        var unused = await workshop.Upload();
        var alone = await workshop.Create(dataset, "alone", Epochs);
        await workshop.Until(alone, "succeeded");
        var job = await workshop.Create(dataset, "gone", Epochs);
        await workshop.UntilTold(job, "Checkpoint");
        var trainer = Assert.Single(workshop.Trainers());
        Send("STOP", trainer);

        // This upload begins while the disk is there, and ends while it is gone.
        var release = new TaskCompletionSource();
        var uploading = workshop.Client.PostAsync("/datasets", new HeldContent(Archives.Zip(Shapes.Of(5)), release.Task), stop);
        await Eventually.True(
            () => Task.FromResult(Directory.GetDirectories(Path.Combine(workshop.Data, "datasets"), ".upload-*").Length > 0));
        using (new MissingFolder(workshop.Data))
        {
            Send("CONT", trainer);
            release.SetResult();
            await IsRefused(uploading);
            await IsRefused(workshop.Client.PostAsync("/datasets", Archives.Content(Archives.Zip(Shapes.Of(5))), stop));
            var body = $$"""{"model": "lenet5", "dataset": "{{dataset}}"}""";
            await IsRefused(workshop.Client.PostAsync(
                "/fine_tuning/jobs", new StringContent(body, Encoding.UTF8, "application/json"), stop));
            await IsRefused(workshop.Client.DeleteAsync($"/datasets/{unused}", stop));
            foreach (var path in (string[])
            [
                "/datasets", $"/datasets/{dataset}", $"/datasets/{dataset}/images", $"/datasets/{dataset}/health",
                $"/fine_tuning/jobs/{alone}/report",
            ])
            {
                await IsRefused(workshop.Client.GetAsync(path, stop));
            }

            Assert.Equal(HttpStatusCode.OK, await Classify(workshop));
            await workshop.UntilTold(job, "The folder of Fovea:Data cannot be reached. The job waits for it.");
            Assert.False(Directory.Exists(workshop.Data));
        }

        await workshop.Until(job, "succeeded");
        Assert.Contains(
            await workshop.Told(job),
            told => told.StartsWith("The folder of Fovea:Data can be reached again", StringComparison.Ordinal));
        Assert.Equal(workshop.Model("alone"), workshop.Model("gone"));
        Assert.Equal([1], workshop.Versions("gone"));
        Assert.Equal(2, (await workshop.Get("/datasets")).GetProperty("data").GetArrayLength());
        Assert.Equal("", string.Join('\n', workshop.Service.Logs.Errors));
    }

    [Fact]
    public async Task Loaded_models_serve_without_the_repository_and_a_trained_model_waits_for_it()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var workshop = await Workshop.Start($"--Fovea:Database={postgres.Connection()}", "--Fovea:PollSeconds=1");
        using (var second = await workshop.Client.PutAsync("/models/lenet5/versions/2", Model(), stop))
        {
            Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        }

        var job = await workshop.Create(await workshop.Upload(), "trained", Epochs);
        await workshop.UntilTold(job, "Checkpoint");
        var trainer = Assert.Single(workshop.Trainers());
        Send("STOP", trainer);
        using (new MissingFolder(workshop.Repository.Folder))
        {
            Send("CONT", trainer);
            await workshop.Service.Logs.Until("The model repository cannot be read");
            await IsRefused(workshop.Client.PostAsync("/models/lenet5/versions/1/publish", null, stop));
            await IsRefused(workshop.Client.PostAsync("/models/lenet5/rollback", null, stop));
            await IsRefused(workshop.Client.PostAsync("/models/lenet5/load", null, stop));
            await IsRefused(workshop.Client.DeleteAsync("/models/lenet5/versions/1", stop));
            await IsRefused(workshop.Client.PutAsync("/models/lenet5/versions/3", Model(), stop));

            // Version 1 does not serve any more, so it would have to be loaded.
            await IsRefused(workshop.Client.PostAsync("/classify/lenet5/versions/1", Image(), stop));
            Assert.Equal(HttpStatusCode.OK, await Classify(workshop));
            await workshop.UntilTold(job, "The folder of Fovea:ModelRepository cannot be reached. The job waits for it.");
            Assert.False(Directory.Exists(workshop.Repository.Folder));
        }

        await workshop.Until(job, "succeeded");
        Assert.Equal([1], workshop.Versions("trained"));
        Assert.Equal([1, 2], workshop.VersionsOf("lenet5"));
        using var first = await workshop.Client.PostAsync("/classify/lenet5/versions/1", Image(), stop);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        using var published = await workshop.Client.PostAsync("/models/lenet5/versions/1/publish", null, stop);
        Assert.Equal(HttpStatusCode.OK, published.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await Classify(workshop));
        Assert.Equal("", string.Join('\n', workshop.Service.Logs.Errors));
    }

    [Fact]
    public async Task Job_in_a_database_file_goes_on_when_its_disk_is_back()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var workshop = await Workshop.Start();
        var dataset = await workshop.Upload();
        var job = await workshop.Create(dataset, "gone", Epochs);
        await workshop.UntilTold(job, "Checkpoint");
        var trainer = Assert.Single(workshop.Trainers());
        Send("STOP", trainer);
        using (new MissingFolder(workshop.Data))
        {
            Send("CONT", trainer);
            await workshop.Service.Logs.Until("The folder of Fovea:Data cannot be reached");
            await IsRefused(workshop.Client.GetAsync("/datasets", stop));
            Assert.Equal(HttpStatusCode.OK, await Classify(workshop));
            Assert.False(Directory.Exists(workshop.Data));
        }

        await workshop.Until(job, "succeeded");
        await workshop.Until(await workshop.Create(dataset, "after"), "succeeded");
        Assert.Equal([1], workshop.Versions("gone"));
    }

    [Fact]
    public async Task Service_without_a_job_outlasts_a_missing_disk()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var workshop = await Workshop.Start();
        var dataset = await workshop.Upload();
        using (new MissingFolder(workshop.Data))
        {
            await workshop.Service.Logs.Until("The folder of Fovea:Data cannot be reached");

            // The queue looks for the database once a second.
            for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(3);)
            {
                Assert.Equal(HttpStatusCode.OK, await Classify(workshop));
            }

            using var jobs = await workshop.Client.GetAsync("/fine_tuning/jobs", stop);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, jobs.StatusCode);
            Assert.False(Directory.Exists(workshop.Data));
        }

        await workshop.Until(await workshop.Create(dataset, "after"), "succeeded");
        Assert.Equal("", string.Join('\n', workshop.Service.Logs.Errors));
    }

    /// <summary>A named pipe in the place of a file answers only when the test writes to it, like a disk that is slow.</summary>
    [Fact]
    public async Task Slow_disk_holds_up_only_the_requests_that_read_it()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var workshop = await Workshop.Start();
        var (slow, fast) = (await workshop.Upload(), await workshop.Upload());
        var file = Path.Combine(workshop.Data, "datasets", slow, "dataset.json");
        var content = await File.ReadAllBytesAsync(file, stop);
        File.Delete(file);
        using (var make = Process.Start("mkfifo", [file]))
        {
            await make.WaitForExitAsync(stop);
        }

        var asked = workshop.Client.GetAsync($"/datasets/{slow}", stop);
        Assert.Equal(HttpStatusCode.OK, await Classify(workshop));
        Assert.Equal(fast, (await workshop.Get($"/datasets/{fast}")).GetProperty("id").GetString());
        Assert.False(asked.IsCompleted);
        await File.WriteAllBytesAsync(file, content, stop);
        using var answer = await asked;
        Assert.Equal(slow, (await Workshop.Json(answer, 200)).GetProperty("id").GetString());
    }

    public void Dispose() => postgres.Dispose();

    // A trainer that is stopped cannot end before its disk is gone.
    private static void Send(string signal, Process trainer)
    {
        using var sending = Process.Start("kill", [$"-{signal}", $"{trainer.Id}"]);
        sending.WaitForExit();
        Assert.Equal(0, sending.ExitCode);
    }

    private static async Task IsRefused(Task<HttpResponseMessage> asked)
    {
        using var answer = await asked;
        await answer.IsProblem(503, "unavailable", Gone);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    private static ByteArrayContent Model() => new(UploadTests.Body("good"));

    private static ByteArrayContent Image() => Shapes.Draw(1_000, isRing: true).As(null);

    private static async Task<HttpStatusCode> Classify(Workshop workshop)
    {
        using var answer = await workshop.Client.PostAsync("/classify/lenet5", Image(), TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
