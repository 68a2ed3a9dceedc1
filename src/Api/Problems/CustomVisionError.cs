namespace Fovea.Api.Problems;

/// <summary>The error document of Custom Vision's prediction API.</summary>
/// <param name="Code">One of its codes, such as NotFoundIteration or BadRequestImageFormat.</param>
/// <param name="Message">What was wrong and what was expected, in a sentence or two.</param>
internal sealed record CustomVisionError(string Code, string Message)
{
    /// <summary>The start of the routes of the API.</summary>
    public static readonly PathString Root = "/customvision";

    /// <summary>Writes a problem as an error document of this API.</summary>
    public static Task Write(Problem problem, HttpResponse response)
    {
        response.StatusCode = problem.Status is StatusCodes.Status413PayloadTooLarge or StatusCodes.Status422UnprocessableEntity
            ? StatusCodes.Status400BadRequest
            : problem.Status;
        return response.WriteAsJsonAsync(new CustomVisionError(CodeOf(problem), problem.Detail), ProblemJson.Readable.CustomVisionError);
    }

    // Returns a code of Custom Vision's prediction API. Its clients know a fixed list of codes, and some clients fail on any other code.
    private static string CodeOf(Problem problem) => problem.Code switch
    {
        "unknown_model" => "NotFoundIteration",
        "empty_body" => "BadRequestImageStream",
        "not_an_image" or "damaged_image" => "BadRequestImageFormat",
        "too_many_pixels" => "BadRequestImageDimensions",
        "too_large" => "BadRequestImageSizeBytes",
        "image_not_fetched" => "BadRequestImageUrl",
        "unsupported_media_type" => "UnsupportedMediaType",
        _ => problem.Status switch
        {
            StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => "Forbidden",
            StatusCodes.Status404NotFound => "NotFound",
            StatusCodes.Status429TooManyRequests => "BadRequestExceededQuota",
            StatusCodes.Status500InternalServerError => "ErrorUnknown",
            > StatusCodes.Status500InternalServerError => "ErrorPredictionServiceUnavailable",
            _ => "BadRequest",
        },
    };
}
