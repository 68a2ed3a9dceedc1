using Fovea.Api.Configuration;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Jobs;
using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Models.Errors;
using Fovea.Models.Pretrained;

namespace Fovea.Api.FineTuning;

/// <summary>Checks requests for jobs, and creates the jobs.</summary>
internal sealed class JobRequests(
    JobStore store, DatasetStore datasets, ModelStore models, RequestBodies bodies, Settings common,
    FineTuningSettings settings, TimeProvider time)
{
    private const int MostBytes = 64 << 10;

    /// <summary>Creates the job that a request asks for.</summary>
    /// <param name="http">The request.</param>
    /// <param name="read">Reads the body of the request. It is called only if the body is not empty.</param>
    /// <param name="stop">Cancels the call.</param>
    /// <exception cref="RefusalException">
    /// The request is malformed, its model or data set does not exist, or <see cref="FineTuningSettings.MaxJobs"/> jobs have not ended.
    /// </exception>
    public async Task<Job> Create(HttpRequest http, Func<ReadOnlyMemory<byte>, JobRequest> read, CancellationToken stop)
    {
        using var body = await bodies.Read(http, MostBytes);
        var request = body.Length == 0
            ? throw new FoveaException(
                ErrorCode.EmptyBody,
                "The request has no body; expected JSON such as {\"dataset\": \"ds_0123456789abcdef\"}.")
            : read(body.Memory);
        var job = Begin(request);
        if (await store.CountUnderWay(stop) >= settings.MaxJobs)
        {
            var message = $"{settings.MaxJobs:N0} jobs have not ended, the most allowed (Fovea:MaxJobs). Retry in 1 minute.";
            throw new ServiceException(ServiceError.Overloaded, message) { RetryAfter = TimeSpan.FromMinutes(1) };
        }

        await store.Add(job, stop);
        return job;
    }

    private Job Begin(JobRequest request)
    {
        var (model, version) = BaseOf(request.Model ?? PretrainedBases.BuiltIn);
        var dataset = datasets.Find(request.Dataset) ?? throw new ServiceException(
            ServiceError.UnknownDataset, $"There is no data set {request.Dataset}; expected an id that POST /datasets has answered.");
        var suffix = request.Suffix ?? dataset.Id["ds_".Length..][..8];
        var name = version > 0 && GoesOnAs(model, suffix, dataset) ? model : ModelNames.CheckModel($"{model}-{suffix}");
        if (models.All.FirstOrDefault(other => other.Name == name) is { } there && !HasClassesOf(there, dataset))
        {
            var classes = string.Join(", ", dataset.Classes.Select(c => c.Label));
            throw new ServiceException(
                ServiceError.Conflict,
                $"There is a model {there.Name} with other classes than the data set's {classes}; expected another suffix.");
        }

        var now = time.GetUtcNow();
        var job = new Job
        {
            Id = $"ftjob-{Guid.CreateVersion7(now):N}",
            Model = model,
            BaseVersion = version,
            Dataset = request.Dataset,
            DatasetName = dataset.Name,
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
            $"{job.Start} will learn the {dataset.Classes.Count} classes of {dataset.Title}; the result will be named {name}.",
            metrics: new()
            {
                Classes = dataset.Classes.Count,
                Images = dataset.Classes.Sum(c => c.Train),
                ValidImages = dataset.Classes.Sum(c => c.Val),
            });
        return job;
    }

    // Returns the model of the repository with this name, or else the pretrained base with this name if it is built in or downloaded.
    private (string Name, int Version) BaseOf(string name)
    {
        var known = models.All.Any(model => model.Name == name) ? null
            : PretrainedBases.List(common.Weights).FirstOrDefault(pretrained => pretrained.Name == name);
        if (known is null)
        {
            var model = models.Find(name).Now;
            var version = model.Serving ?? model.Wanted ?? throw new ServiceException(
                ServiceError.ModelUnavailable, $"{name} has no version that serves; expected a model with a published version.");
            return (name, version.Number);
        }

        return known.State != BaseState.ToDownload ? (name, 0) : throw new ServiceException(
            ServiceError.UnknownModel,
            $"There is no model {name}, and the pretrained base {name} is not downloaded; expected a model of the repository, a base that "
            + $"GET /pretrained shows as built-in or downloaded, or no model, which means {PretrainedBases.BuiltIn}.");
    }

    // Whether the base is an earlier fine-tuned model whose name already ends with the suffix. The job then makes the next version of the
    // base.
    private bool GoesOnAs(string model, string suffix, UploadedDataset dataset) =>
        model.EndsWith($"-{suffix}", StringComparison.Ordinal) && HasClassesOf(models.Find(model), dataset);

    private static bool HasClassesOf(StoredModel model, UploadedDataset dataset) =>
        ModelLoader.Describe(model.Now.Versions[^1].Folder).Labels is { } labels
            && labels.SequenceEqual(dataset.Classes.Select(c => c.Label));
}
