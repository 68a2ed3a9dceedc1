using System.Buffers;
using System.Diagnostics;
using Fovea.Api.Classification;
using Fovea.Api.Configuration;
using Fovea.Api.Requests;
using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;

namespace Fovea.Api.InferenceProtocol;

/// <summary>Answers requests to infer.</summary>
internal sealed class InferenceRequests(Settings settings, ImageClassifier classifier, RequestBodies bodies, Metrics metrics)
{
    /// <summary>Reads a request over HTTP, admits it to the model, and answers it. A model at capacity refuses before the body is
    /// read.</summary>
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
        var request = body.Json.IsEmpty ? null : InferRequestReader.Read(body);
        var answer = new InferAnswer(served, request);
        var images = request is null ? InferImages.OfRaw(body.Binary, served.Classifier) : ImagesOf(request, served);
        var logits = await Run(answer, images, stop);
        long answered = Stopwatch.GetTimestamp();
        await new InferResponse(answer).Write(logits, context.Response, stop);
        metrics.Stage("write", served.Name, answered);
    }

    /// <summary>Reads the images of a request.</summary>
    /// <exception cref="RefusalException">The images do not fit the model.</exception>
    public InferImages ImagesOf(InferRequest request, ServedModel served) =>
        InferImages.Of(request, served.Classifier, settings.MaxImages);

    /// <summary>Runs the images of an admitted request, and counts them as answered.</summary>
    /// <param name="answer">The answer to prepare.</param>
    /// <param name="images">The images.</param>
    /// <param name="stop">Cancels the runs that have not begun.</param>
    /// <returns>The logits of each image, which the answer can write.</returns>
    /// <exception cref="RefusalException">An image cannot be used, the answer is too late, or it cannot be written.</exception>
    public async Task<IReadOnlyList<float[]>> Run(InferAnswer answer, InferImages images, CancellationToken stop)
    {
        var served = answer.Served;
        var logits = await classifier.InTime(deadline => Infer(served, images, deadline), stop);
        answer.RequireWritable(logits);
        for (int i = 0; i < images.Count; i++)
        {
            metrics.Answered(served.Name, reason: null);
        }

        return logits;
    }

    private async Task<float[][]> Infer(ServedModel served, InferImages images, CancellationToken stop)
    {
        if (images.Tensor is { } tensor)
        {
            int size = (int)served.Classifier.Input.Size;
            return await InferTogether(served, images.Count, (slot, index) => tensor.AsSpan(index * size, size).CopyTo(slot), stop);
        }

        if (images.Count == 1 || served.Log.RunsLong)
        {
            return await Task.WhenAll(images.Files!.Select(file => classifier.Logits(served, file, stop)));
        }

        // One short run of several images takes much less time than several runs. So all files are decoded first: batches would wait for an
        // announced image that is still being decoded.
        var fitted = await Task.WhenAll(images.Files!.Select(file => classifier.Fit(served, file, stop)));
        var preprocessing = served.Classifier.Preprocessing;
        return await InferTogether(
            served, images.Count, (slot, index) => Preprocessor.Normalize(fitted[index], preprocessing, slot), stop);
    }

    // Announces all images to the scheduler before it writes the first one, because the first image would otherwise run alone. If an image
    // fails or is cancelled before it is written, its announcement is withdrawn, because a batch would wait for the image. A single image
    // is not announced, because it may run alone.
    private static async Task<float[][]> InferTogether(
        ServedModel served, int count, SpanAction<float, int> write, CancellationToken stop)
    {
        if (count == 1)
        {
            return [await served.Logits(slot => write(slot, 0), stop)];
        }

        var announced = Enumerable.Range(0, count).Select(_ => served.Scheduler.Expect()).ToArray();
        return await Task.WhenAll(announced.Select(InferOne));

        async Task<float[]> InferOne(ExpectedImage image, int index)
        {
            using (image)
            {
                return await served.Logits(
                    slot =>
                    {
                        write(slot, index);
                        image.Dispose();
                    },
                    stop);
            }
        }
    }
}
