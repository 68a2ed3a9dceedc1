using System.ClientModel;
using System.Text.Json;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.FineTuning;
using OpenAI.Files;
using OpenAI.FineTuning;

namespace Fovea.Api.Tests.OpenAIProtocol;

/// <summary>Uses the service with OpenAI's official .NET client: from an upload to a trained model, and to the deletion of both.</summary>
[Trait("Needs", "clients")]
public sealed class OpenAIWalkTests
{
    private const string Key = "a secret";

    [Fact]
    public async Task Client_uploads_trains_waits_reads_what_happened_and_deletes()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var workshop = await Workshop.Start();
        var clients = new OpenAIClients(workshop.Client.BaseAddress!, Key);
        var file = (await clients.Files.UploadFileAsync(
            BinaryData.FromBytes(Archives.Zip(Shapes.Of(20))), "shapes.zip", FileUploadPurpose.FineTune)).Value;
        Assert.Equal(("shapes.zip", FilePurpose.FineTune), (file.Filename, file.Purpose));
        Assert.Equal([file.Id], (await clients.Files.GetFilesAsync(stop)).Value.Select(other => other.Id));
        Assert.InRange((await clients.Files.GetFileAsync(file.Id, stop)).Value.SizeInBytesLong!.Value, 1_000, 100_000);

        var options = new FineTuningOptions
        {
            Suffix = "shapes",
            Seed = 7,
            TrainingMethod = FineTuningTrainingMethod.CreateSupervised(batchSize: 16, epochCount: 3),
        };
        options.Metadata["team"] = "blue";
        var job = await clients.Jobs.FineTuneAsync("lenet5", file.Id, waitUntilCompleted: true, options, stop);
        Assert.Equal(
            (FineTuningStatus.Succeeded, "lenet5-shapes", "lenet5", file.Id, "shapes", 7, "blue"),
            (job.Status, job.Value, job.BaseModel, job.TrainingFileId, job.UserProvidedSuffix, job.Seed, job.Metadata["team"]));
        var hyperparameters = Assert.IsType<HyperparametersForSupervised>(job.MethodHyperparameters);
        Assert.Equal((3, 16, 0), (hyperparameters.EpochCount, hyperparameters.BatchSize, hyperparameters.LearningRateMultiplier));

        var events = await Read(job.GetEventsAsync(new GetEventsOptions { PageSize = 3 }, stop));
        Assert.Equal("lenet5-shapes version 1 is published.", events[0].Message);
        Assert.Equal(await workshop.Told(job.JobId), events.Select(e => e.Message).Reverse());
        var report = (await clients.Files.DownloadFileAsync(job.ResultFileIds.Single(), stop)).Value;
        Assert.True(JsonDocument.Parse(report).RootElement.TryGetProperty("provenance", out _));
        Assert.Equal(FilePurpose.FineTuneResults, (await clients.Files.GetFileAsync(job.ResultFileIds.Single(), stop)).Value.Purpose);

        var model = (await clients.Models.GetModelAsync(job.Value!, stop)).Value;
        Assert.Equal(("lenet5-shapes", "fovea"), (model.Id, model.OwnedBy));
        Assert.InRange(model.CreatedAt, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        Assert.True((await clients.Models.DeleteModelAsync(job.Value!, stop)).Value.Deleted);
        Assert.DoesNotContain((await clients.Models.GetModelsAsync(stop)).Value, other => other.Id == job.Value);
        Assert.True((await clients.Files.DeleteFileAsync(file.Id, stop)).Value.Deleted);
        Assert.Empty((await clients.Files.GetFilesAsync(stop)).Value);
        Assert.Empty(workshop.Service.Logs.Errors);
    }

    [Fact]
    public async Task Client_pauses_resumes_lists_and_cancels_jobs()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var workshop = await Workshop.Start();
        var clients = new OpenAIClients(workshop.Client.BaseAddress!, Key);
        var dataset = await workshop.Upload();
        var first = await workshop.Create(dataset, "a", epochs: 100_000);
        await workshop.UntilTold(first, "Checkpoint");
        Assert.Equal("paused", Status(await clients.Jobs.PauseFineTuningJobAsync(first, new())));
        Assert.Equal("paused", (await clients.Jobs.GetJobAsync(first, stop)).Status.ToString());
        Assert.Equal("queued", Status(await clients.Jobs.ResumeFineTuningJobAsync(first, new())));
        var second = await clients.Jobs.FineTuneAsync("lenet5", dataset, waitUntilCompleted: false, cancellationToken: stop);
        var jobs = await Read(clients.Jobs.GetJobsAsync(new FineTuningJobCollectionOptions { PageSize = 1 }, stop));
        Assert.Equal([second.JobId, first], jobs.Select(job => job.JobId));
        await OpenAIClients.Refuses(400, "A job that has not ended uses", () => clients.Files.DeleteFileAsync(dataset, stop));
        foreach (var job in jobs)
        {
            await job.CancelAndUpdateAsync(stop);
            Assert.True(job.HasCompleted && job.Status == FineTuningStatus.Cancelled);
        }

        var checkpoints = await Read(jobs[1].GetCheckpointsAsync(cancellationToken: stop));
        Assert.NotEmpty(checkpoints);
        Assert.All(checkpoints, checkpoint =>
        {
            Assert.Equal(
                (first, $"{first}:ckpt-step-{checkpoint.StepNumber}", checkpoint.StepNumber),
                (checkpoint.JobId, checkpoint.ModelId, checkpoint.Metrics.StepNumber));
            Assert.InRange(checkpoint.Metrics.ValidMeanTokenAccuracy!.Value, 0, 1);
        });

        await OpenAIClients.Refuses(400, $"{first} is cancelled", () => jobs[1].CancelAndUpdateAsync(stop));
    }

    private static string? Status(ClientResult result) =>
        JsonDocument.Parse(result.GetRawResponse().Content).RootElement.GetProperty("status").GetString();

    private static async Task<List<T>> Read<T>(AsyncCollectionResult<T> pages)
    {
        var all = new List<T>();
        await foreach (var entry in pages)
        {
            all.Add(entry);
        }

        return all;
    }
}
