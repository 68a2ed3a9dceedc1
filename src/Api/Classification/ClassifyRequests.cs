using System.Globalization;
using Fovea.Models;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api;

/// <summary>Answers requests to classify: one image with one answer, a form with a list.</summary>
internal sealed class ClassifyRequests(Settings settings, ImageClassifier classifier)
{
    private const int DefaultTop = 5;

    /// <summary>Reads the images of a request and classifies them.</summary>
    /// <exception cref="FoveaException">The request cannot be used; of a form, none of it.</exception>
    public async Task<Results<Ok<Answer>, JsonHttpResult<IReadOnlyList<object>>>> Answer(ServedModel served, string? top, HttpRequest request, CancellationToken stop)
    {
        int count = Top(top, served.Classifier.Classes);
        if (RequestBody.IsMultipart(request))
        {
            return await AnswerEach(served, count, request, stop);
        }

        using var image = await RequestBody.ReadImage(request, settings, stop);
        return TypedResults.Ok(await classifier.Classify(served, image.Memory, count, stop));
    }

    private async Task<JsonHttpResult<IReadOnlyList<object>>> AnswerEach(ServedModel served, int top, HttpRequest request, CancellationToken stop)
    {
        var answers = new List<object>();
        await foreach (var file in new MultipartImages(request, settings).Read(stop))
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
                return image is null ? Problem.Of(file.Refusal!.Code, file.Refusal.Message) : await classifier.Classify(served, image.Memory, top, stop);
            }
            catch (FoveaException e)
            {
                return Problem.Of(e.Code, e.Message);
            }
        }
    }

    private static int Top(string? top, int classes) => string.IsNullOrEmpty(top) ? Math.Min(DefaultTop, classes)
        : long.TryParse(top, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count > 0 ? (int)Math.Min(count, classes)
        : throw new FoveaException(ErrorCode.MalformedRequest, $"top is {top}; expected a whole number from 1 to {classes}.");
}
