using System.Diagnostics;
using System.Globalization;
using Fovea.Models;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api;

/// <summary>Answers requests to classify: one image with one answer, a form with a list.</summary>
internal sealed class ClassifyRequests(Settings settings, ImageClassifier classifier, RequestBodies bodies, Metrics metrics)
{
    private const int DefaultTop = 5;

    /// <summary>
    /// Reads a request, takes a place with the model, and classifies. The place is taken once the body is there, so a slow client keeps
    /// nobody from the model. A model that is full refuses at once all the same, before the body is read.
    /// </summary>
    /// <exception cref="FoveaException">The request cannot be used, of a form none of it; or the model has no place for it.</exception>
    public async Task<IResult> Answer(Lease lease, string? top, HttpRequest request, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        var served = lease.Model;
        request.HttpContext.Features.Set(served);
        int count = Top(top, served.Classifier.Classes);
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
            return await AnswerEach(served, count, new(body, boundary, settings), stop);
        }

        using var decoded = kind == BodyKind.Json ? JsonImage.Decode(body.Span, settings.MaxImageBytes) : null;
        metrics.Stage("admit", served.Name, start);
        return new AnswerResult(await classifier.Classify(served, (decoded ?? body).Memory, count, stop), metrics);
    }

    private async Task<JsonHttpResult<IReadOnlyList<object>>> AnswerEach(
        ServedModel served, int top, MultipartImages form, CancellationToken stop)
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

        async Task<object> AnswerOrProblem((PooledBytes? Image, FoveaException? Refusal) file)
        {
            using var image = file.Image;
            try
            {
                return image is null ? throw file.Refusal! : await classifier.Classify(served, image.Memory, top, stop);
            }
            catch (FoveaException e)
            {
                var problem = Problem.Of(e.Code, e.Message);
                metrics.Answered(served.Name, problem.Code);
                return problem;
            }
        }
    }

    private static int Top(string? top, int classes) => string.IsNullOrEmpty(top) ? Math.Min(DefaultTop, classes)
        : long.TryParse(top, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count > 0 ? (int)Math.Min(count, classes)
        : throw new FoveaException(ErrorCode.MalformedRequest, $"top is {top}; expected a whole number from 1 to {classes}.");
}
