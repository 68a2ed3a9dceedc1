using System.Diagnostics;
using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.Classification;

/// <summary>Answers requests to classify: one image with one answer, a form of several images with a list of answers.</summary>
internal sealed class ClassifyRequests(Settings settings, ImageClassifier classifier, RequestBodies bodies, Metrics metrics)
{
    /// <summary>
    /// Reads a request, takes one of the model's places for requests in flight, and classifies. The place is taken only when the whole body
    /// has arrived, so a slow client does not keep others from the model. If all places are taken, the request is refused at once, before
    /// its body is read.
    /// </summary>
    /// <exception cref="RefusalException">The request cannot be used, or all places of the model are taken.</exception>
    public async Task<IResult> Answer(Lease lease, string? top, string? threshold, HttpRequest request, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        var served = lease.Model;
        request.HttpContext.Features.Set(served);
        var wanted = WantedPredictions.Read(top, threshold, served.Classifier.Classes);
        served.Admission.RefuseIfFull();
        var kind = RequestBody.KindOf(request);
        var boundary = kind == BodyKind.Form ? MultipartImages.Boundary(request) : null;
        using var body = await bodies.Read(request, RequestBody.Most(kind, settings));
        if (body.Length == 0)
        {
            throw RequestBody.Empty(kind);
        }

        lease.Admit();
        if (boundary is not null)
        {
            return await AnswerEach(served, wanted, new(body, boundary, settings), stop);
        }

        using var decoded = kind == BodyKind.Json ? JsonImage.Decode(body.Span, settings.MaxImageBytes) : null;
        metrics.Stage("admit", served.Name, start);
        return new AnswerResult(await classifier.Classify(served, (decoded ?? body).Memory, wanted, stop), metrics);
    }

    private async Task<JsonHttpResult<IReadOnlyList<object>>> AnswerEach(
        ServedModel served, WantedPredictions wanted, MultipartImages form, CancellationToken stop)
    {
        var answers = new List<object>();
        await foreach (var file in form.Read(stop))
        {
            answers.Add(await AnswerOrProblem(file));
        }

        var problems = answers.OfType<Problem>().ToArray();
        int status = problems.Length < answers.Count ? StatusCodes.Status200OK
            : problems.All(problem => problem.Status == StatusCodes.Status413PayloadTooLarge) ? StatusCodes.Status413PayloadTooLarge
            : StatusCodes.Status422UnprocessableEntity;
        return TypedResults.Json<IReadOnlyList<object>>(answers, statusCode: status);

        async Task<object> AnswerOrProblem((string Name, PooledBytes? Image, RefusalException? Refusal) file)
        {
            using var image = file.Image;
            try
            {
                return image is null ? throw file.Refusal! : await classifier.Classify(served, image.Memory, wanted, stop);
            }
            catch (RefusalException e)
            {
                // A refusal by the form's reader already names the file. A refusal by the decoder does not, so the name is added.
                var problem = Problem.Of(e, file.Refusal == e ? null : $"{file.Name}: {e.Message}");
                metrics.Answered(served.Name, problem.Code);
                return problem;
            }
        }
    }
}
