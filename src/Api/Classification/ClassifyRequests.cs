using System.Diagnostics;
using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.Classification;

/// <summary>Answers requests to classify: one image with one answer, a form with a list.</summary>
internal sealed class ClassifyRequests(Settings settings, ImageClassifier classifier, RequestBodies bodies, Metrics metrics)
{
    /// <summary>
    /// Reads a request, takes a place with the model, and classifies. The place is taken once the body is there, so a slow client keeps
    /// nobody from the model. A model that is full refuses at once all the same, before the body is read.
    /// </summary>
    /// <exception cref="RefusalException">The request cannot be used, of a form none of it; or the model has no place for it.</exception>
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
                // A refusal by the form names the file already; one by the decoder knows only the bytes.
                var problem = Problem.Of(e, file.Refusal == e ? null : $"{file.Name}: {e.Message}");
                metrics.Answered(served.Name, problem.Code);
                return problem;
            }
        }
    }
}
