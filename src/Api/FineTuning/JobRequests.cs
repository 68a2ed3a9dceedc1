using Fovea.Models;

namespace Fovea.Api;

/// <summary>Checks requests for jobs, and creates the jobs.</summary>
internal sealed class JobRequests(
    JobStore store, DatasetStore datasets, ModelStore models, RequestBodies bodies, FineTuningSettings settings, TimeProvider time)
{
    private const int MostBytes = 64 << 10;

    /// <summary>Creates the job that a request asks for.</summary>
    /// <exception cref="FoveaException">
    /// The request is malformed, its model or data set does not exist, or <see cref="FineTuningSettings.MaxJobs"/> jobs have not ended.
    /// </exception>
    public async Task<Job> Create(HttpRequest http, CancellationToken stop)
    {
        using var body = await bodies.Read(http, MostBytes);
        var request = body.Length == 0
            ? throw new FoveaException(
                ErrorCode.EmptyBody,
                "The request has no body; expected JSON such as {\"model\": \"resnet18\", \"dataset\": \"ds_0123456789abcdef\"}.")
            : JobRequest.Read(body.Memory);
        var job = Begin(request);
        if (await store.CountUnderWay(stop) >= settings.MaxJobs)
        {
            var message = $"{settings.MaxJobs:N0} jobs have not ended, the most allowed (Fovea:MaxJobs). Retry in 1 minute.";
            throw new FoveaException(ErrorCode.Overloaded, message) { RetryAfter = TimeSpan.FromMinutes(1) };
        }

        await store.Add(job, stop);
        return job;
    }

    private Job Begin(JobRequest request)
    {
        var model = models.Find(request.Model).Now;
        var version = model.Serving ?? model.Wanted ?? throw new FoveaException(
            ErrorCode.ModelUnavailable, $"{request.Model} has no version that serves; expected a model with a published version.");
        var dataset = datasets.Find(request.Dataset) ?? throw new FoveaException(
            ErrorCode.UnknownDataset, $"There is no data set {request.Dataset}; expected an id that POST /datasets has answered.");
        var suffix = request.Suffix ?? dataset.Id["ds_".Length..][..8];
        var name = ModelNames.CheckModel($"{request.Model}-{suffix}");
        if (models.All.FirstOrDefault(other => other.Name == name) is { } there)
        {
            RefuseOtherClasses(there, dataset);
        }

        var now = time.GetUtcNow();
        var job = new Job
        {
            Id = $"ftjob-{Guid.CreateVersion7(now):N}",
            Model = request.Model,
            BaseVersion = version.Number,
            Dataset = request.Dataset,
            Suffix = suffix,
            FineTunedModel = name,
            Method = request.Method,
            Epochs = request.Epochs,
            BatchSize = request.BatchSize,
            LearningRate = request.LearningRate,
            Seed = request.Seed,
            PublishesItself = request.PublishesItself,
            Metadata = request.Metadata,
            CreatedAt = now.ToUnixTimeMilliseconds(),
            At = now.ToUnixTimeMilliseconds(),
        };
        job.Tell(
            $"{job.Model} version {job.BaseVersion} will learn the {dataset.Classes.Count} classes of {dataset.Id}; "
                + $"the result will be named {name}.");
        return job;
    }

    private static void RefuseOtherClasses(StoredModel there, Dataset dataset)
    {
        var labels = ModelLoader.Describe(there.Now.Versions[^1].Folder.Path, there.Folder).Labels;
        if (labels is null || !labels.Value.SequenceEqual(dataset.Classes.Select(c => c.Label)))
        {
            var classes = string.Join(", ", dataset.Classes.Select(c => c.Label));
            throw new FoveaException(
                ErrorCode.Conflict,
                $"There is a model {there.Name} with other classes than the data set's {classes}; expected another suffix.");
        }
    }
}
