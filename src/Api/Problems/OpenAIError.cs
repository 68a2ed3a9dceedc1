using System.Text.Json.Serialization;

namespace Fovea.Api.Problems;

/// <summary>The error document of OpenAI's API.</summary>
/// <param name="Error">The error.</param>
internal sealed record OpenAIErrorDocument(OpenAIError Error);

/// <summary>An error in the form of OpenAI's API. OpenAI's clients make exceptions from it.</summary>
/// <param name="Message">What was wrong and what was expected, in a sentence or two.</param>
/// <param name="Type">The group of errors: invalid_request_error, requests (for too many requests) or server_error.</param>
/// <param name="Param">The name of the wrong parameter; null: the error is not about one parameter.</param>
/// <param name="Code">
/// The kind of error: model_not_found, invalid_api_key, rate_limit_exceeded, or the code of a problem document.
/// </param>
internal sealed record OpenAIError(
    string Message, string Type, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param, string Code)
{
    /// <summary>Writes a problem as an error document of OpenAI's API.</summary>
    public static Task Write(Problem problem, HttpResponse response)
    {
        response.StatusCode = StatusOf(problem.Status);
        return response.WriteAsJsonAsync(new OpenAIErrorDocument(Of(problem)), ProblemJson.Readable.OpenAIErrorDocument);
    }

    private static OpenAIError Of(Problem problem)
    {
        var code = problem.IsOf(ServiceError.UnknownModel) ? "model_not_found"
            : problem.IsOf(ServiceError.Unauthorized) ? "invalid_api_key"
            : problem.IsOf(ServiceError.RateLimited) ? "rate_limit_exceeded"
            : problem.Code;
        var type = problem.Status switch
        {
            StatusCodes.Status429TooManyRequests => "requests",
            >= StatusCodes.Status500InternalServerError => "server_error",
            _ => "invalid_request_error",
        };
        return new(problem.Detail, type, problem.IsOf(ServiceError.UnknownModel) ? "model" : null, code);
    }

    // Returns the HTTP status. OpenAI's clients repeat a request that was answered with 409, and here it would fail again. So errors of the
    // state of a job or a file, and unusable files, are answered with 400, as OpenAI does.
    private static int StatusOf(int status) =>
        status is StatusCodes.Status409Conflict or StatusCodes.Status415UnsupportedMediaType or StatusCodes.Status422UnprocessableEntity
            ? StatusCodes.Status400BadRequest
            : status;
}
