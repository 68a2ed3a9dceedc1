using Fovea.Models;

namespace Fovea.Api;

/// <summary>Makes jobs of requests, once it is seen that they can be done.</summary>
internal sealed class JobRequests(JobStore store, DatasetStore datasets, ModelStore models, FineTuningSettings settings, TimeProvider time)
{
    private const int MostBytes = 64 << 10;

    /// <summary>Takes a request.</summary>
    /// <exception cref="FoveaException">It is malformed, names what there is not, or too many jobs wait.</exception>
    public async Task<Job> Create(HttpRequest http, CancellationToken stop)
    {
        using var body = await PooledBytes.Read(http.BodyReader, MostBytes, http.ContentLength, stop) ?? throw RequestBody.TooLarge("The request's body", MostBytes);
        var request = body.Memory.IsEmpty
            ? throw new FoveaException(ErrorCode.EmptyBody, "The request has no body; expected JSON such as {\"model\": \"resnet18\", \"dataset\": \"ds_0123456789abcdef\"}.")
            : JobRequest.Read(body.Memory);
        var job = Begin(request);
        if (await store.CountUnderWay(stop) >= settings.MaxJobs)
        {
            throw new FoveaException(ErrorCode.Overloaded, $"{settings.MaxJobs:N0} jobs have not ended yet, as many as are taken (Fovea:MaxJobs); expected to be asked again when one has.") { RetryAfter = TimeSpan.FromMinutes(1) };
        }

        await store.Add(job, stop);
        return job;
    }

    private Job Begin(JobRequest request)
    {
        var model = models.Find(request.Model).Now;
        var version = model.Serving ?? model.Wanted ?? throw new FoveaException(ErrorCode.ModelUnavailable, $"{request.Model} has no version that serves; expected a model that could answer.");
        var dataset = datasets.Find(request.Dataset)
            ?? throw new FoveaException(ErrorCode.UnknownDataset, $"There is no data set {request.Dataset}; expected the id of one, as POST /datasets answers it.");
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
        job.Tell($"{job.Model} version {job.BaseVersion} is to learn the {dataset.Classes.Count} classes of {dataset.Id}; the result will be called {name}.");
        return job;
    }

    private static void RefuseOtherClasses(StoredModel there, Dataset dataset)
    {
        var labels = ModelLoader.Describe(there.Now.Versions[^1].Folder.Path, there.Folder).Labels;
        if (labels is null || !labels.Value.SequenceEqual(dataset.Classes.Select(c => c.Label)))
        {
            throw new FoveaException(ErrorCode.Conflict, $"There is a model {there.Name} with other classes than the data set's {string.Join(", ", dataset.Classes.Select(c => c.Label))}; expected another suffix.");
        }
    }
}
