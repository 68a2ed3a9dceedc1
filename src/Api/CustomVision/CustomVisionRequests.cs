using System.Diagnostics;
using Fovea.Api.Classification;
using Fovea.Api.DatasetRepository;
using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;

namespace Fovea.Api.CustomVision;

/// <summary>Answers requests to classify in the form of Custom Vision's prediction API.</summary>
internal sealed class CustomVisionRequests(
    ModelStore models, ImageClassifier classifier, SingleImage images, ImageDownload download, UnlabelledImages kept,
    CustomVisionSettings settings, Metrics metrics, TimeProvider time)
{
    /// <summary>Classifies the image in the body of a request.</summary>
    /// <param name="project">The GUID of the project.</param>
    /// <param name="model">The name of the model.</param>
    /// <param name="request">The request.</param>
    /// <param name="isKept">Whether the image may be kept as an unlabelled image of a data set.</param>
    /// <param name="stop">Cancels the call.</param>
    /// <exception cref="RefusalException">The request cannot be used, or the model is at capacity.</exception>
    public Task<ImagePrediction> Classify(string project, string model, HttpRequest request, bool isKept, CancellationToken stop) =>
        Classify(project, model, request.HttpContext, () => images.Read(request, stop), isKept, stop);

    /// <summary>Classifies the image at the address that a request names: <c>{"url": "https://..."}</c>.</summary>
    /// <exception cref="RefusalException">The request cannot be used, the image cannot be fetched, or the model is at capacity.</exception>
    public Task<ImagePrediction> ClassifyUrl(string project, string model, HttpRequest request, bool isKept, CancellationToken stop) =>
        Classify(project, model, request.HttpContext, () => download.Fetch(request, stop), isKept, stop);

    private async Task<ImagePrediction> Classify(
        string project, string model, HttpContext context, Func<Task<PooledBytes>> read, bool isKept, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        if (!Guid.TryParse(project, out var id))
        {
            throw new ServiceException(
                ServiceError.MalformedRequest,
                $"The project is {ReadableText.Of(project)}; expected a GUID. Any GUID works: the answer repeats it, and the ids of tags "
                    + "depend on it.");
        }

        using var lease = models.Find(model).Serve();
        var served = lease.Model;
        context.Features.Set(served);
        served.Admission.RefuseIfFull();
        using var image = await read();
        lease.Admit();
        metrics.Stage("admit", served.Name, start);
        var wanted = new WantedPredictions(served.Classifier.Classes, Threshold: 0);
        var answer = await classifier.Classify(served, image.Memory, wanted, stop);
        if (isKept && settings.KeepImagesIn is { Length: > 0 } dataset)
        {
            kept.Keep(dataset, image.Memory, settings.MaxKeptImages);
        }

        return ImagePrediction.Of(answer, id, time.GetUtcNow());
    }
}
