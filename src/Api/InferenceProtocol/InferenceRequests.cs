using System.Diagnostics;
using Fovea.Api.Classification;
using Fovea.Api.Configuration;
using Fovea.Api.Requests;
using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;

namespace Fovea.Api.InferenceProtocol;

/// <summary>Answers requests to infer.</summary>
internal sealed class InferenceRequests(Settings settings, ImageClassifier classifier, RequestBodies bodies, Metrics metrics)
{
    /// <summary>Reads a request, admits it to the model, and answers it. A model at capacity refuses before the body is read.</summary>
    /// <exception cref="RefusalException">The request is malformed or too late, or the model is at capacity.</exception>
    public async Task Answer(Lease lease, HttpContext context, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        var served = lease.Model;
        context.Features.Set(served);
        served.Admission.RefuseIfFull();
        using var body = await InferBody.Read(context.Request, bodies, settings.MaxRequestBytes);
        lease.Admit();
        metrics.Stage("admit", served.Name, start);
        var request = body.Json.IsEmpty ? null : InferRequestReader.Read(body.Json.Span);
        var response = new InferResponse(served, request);
        var images = request is null
            ? InferImages.OfRaw(body.Binary, served.Classifier)
            : InferImages.Of(request, body, served.Classifier, settings.MaxImages);
        var logits = await classifier.InTime(deadline => Infer(served, images, deadline), stop);
        response.RequireWritable(logits);
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

    // Announces all images before it writes the first, since the first image would otherwise run alone. An image that fails or is cancelled
    // before it is written is no longer announced, since batches would wait for it.
    private static Task<float[]>[] InferTogether(ServedModel served, float[] tensor, int count, CancellationToken stop)
    {
        int size = (int)served.Classifier.Input.Size;
        var announced = Enumerable.Range(0, count).Select(_ => served.Scheduler.Expect()).ToArray();
        return [.. announced.Select(InferOne)];

        async Task<float[]> InferOne(ExpectedImage image, int index)
        {
            using (image)
            {
                return await served.Logits(
                    slot =>
                    {
                        tensor.AsSpan(index * size, size).CopyTo(slot);
                        image.Dispose();
                    },
                    stop);
            }
        }
    }
}
