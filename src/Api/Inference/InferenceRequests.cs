using System.Diagnostics;

namespace Fovea.Api;

/// <summary>Answers requests to infer.</summary>
internal sealed class InferenceRequests(Settings settings, ImageClassifier classifier, Metrics metrics)
{
    /// <summary>Takes a place with the model, and only then reads the request; answers it.</summary>
    /// <exception cref="Fovea.Models.FoveaException">The request cannot be used, or the model has no place for it.</exception>
    public async Task Answer(Lease lease, HttpContext context, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        var served = lease.Model;
        context.Features.Set(served);
        lease.Admit();
        using var body = await InferBody.Read(context.Request, settings, stop);
        metrics.Stage("admit", served.Name, start);
        var request = body.Json.IsEmpty ? null : InferRequestReader.Read(body.Json.Span);
        var response = new InferResponse(served, request);
        var images = request is null ? InferImages.OfRaw(body.Binary, served.Classifier) : InferImages.Of(request, body, served.Classifier, settings.MaxImages);
        var logits = await classifier.InTime(deadline => Infer(served, images, deadline), stop);
        for (int i = 0; i < images.Count; i++)
        {
            metrics.Answered(served.Name, reason: null);
        }

        long answered = Stopwatch.GetTimestamp();
        await response.Write(logits, context.Response, stop);
        metrics.Stage("write", served.Name, answered);
    }

    private async Task<float[][]> Infer(ServedModel served, InferImages images, CancellationToken stop)
    {
        return await Task.WhenAll(images.Tensor is { } tensor
            ? InferTogether(served, tensor, images.Count, stop)
            : images.Files!.Select(file => classifier.Logits(served, file, stop)));
    }

    // All are announced before the first is written, which would run alone otherwise.
    private static Task<float[]>[] InferTogether(ServedModel served, float[] tensor, int count, CancellationToken stop)
    {
        int size = (int)served.Classifier.Input.Size;
        var arrivals = Enumerable.Range(0, count).Select(_ => served.Scheduler.Expect()).ToArray();
        return
        [
            .. arrivals.Select((arrival, i) => served.Logits(
                slot =>
                {
                    tensor.AsSpan(i * size, size).CopyTo(slot);
                    arrival.Dispose();
                },
                stop)),
        ];
    }
}
