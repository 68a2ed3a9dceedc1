using System.Text.Json;
using Fovea.Models;
using Microsoft.AspNetCore.WebUtilities;

namespace Fovea.Api;

/// <summary>Why a request, or one image of it, was refused: a problem document (RFC 9457) with a code.</summary>
/// <param name="Type">Always about:blank: the title is that of the status, the code says what kind of problem it is.</param>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What was wrong and what was expected, in a sentence or two.</param>
/// <param name="Code">The kind of problem, stable, for programs to decide by: unknown_model, not_an_image, too_large ...</param>
internal sealed record Problem(string Type, string Title, int Status, string Detail, string Code)
{
    /// <summary>The media type of a problem document.</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>The problem that an error is.</summary>
    public static Problem Of(ErrorCode code, string detail) => Of(code, detail, StatusOf(code));

    /// <summary>The same for an error whose status the server has already chosen.</summary>
    public static Problem Of(ErrorCode code, string detail, int status) =>
        new("about:blank", ReasonPhrases.GetReasonPhrase(status), status, ReadableText.OfMessage(detail), NameOf(code));

    /// <summary>Whether it is the problem that an error is.</summary>
    public bool IsOf(ErrorCode code) => Code == NameOf(code);

    /// <summary>Answers a request with this problem.</summary>
    public Task WriteTo(HttpResponse response)
    {
        SafeHeaders.AddNoSniff(response);
        if (InferenceError.Speaks(response.HttpContext.Request))
        {
            return InferenceError.Write(this, response);
        }

        response.StatusCode = Status;
        return response.WriteAsJsonAsync(this, options: null, MediaType);
    }

    /// <summary>The stable name of an error code, in snake case.</summary>
    public static string NameOf(ErrorCode code) => JsonNamingPolicy.SnakeCaseLower.ConvertName(code.ToString());

    // CS8524 asks for a default case, for numbers that are no member of the enum. A default case would also take a member that was
    // forgotten here; without one, a forgotten member does not compile (CS8509).
#pragma warning disable CS8524
    private static int StatusOf(ErrorCode code) => code switch
    {
        ErrorCode.EmptyBody or ErrorCode.MalformedRequest or ErrorCode.BadArchitecture or ErrorCode.BadArgument => StatusCodes.Status400BadRequest,
        ErrorCode.Unauthorized => StatusCodes.Status401Unauthorized,
        ErrorCode.Forbidden => StatusCodes.Status403Forbidden,
        ErrorCode.UnknownModel or ErrorCode.UnknownArchitecture or ErrorCode.UnknownDataset or ErrorCode.UnknownJob
            or ErrorCode.UnknownRoute => StatusCodes.Status404NotFound,
        ErrorCode.TooSlow => StatusCodes.Status408RequestTimeout,
        ErrorCode.Conflict => StatusCodes.Status409Conflict,
        ErrorCode.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ErrorCode.UnsupportedMediaType => StatusCodes.Status415UnsupportedMediaType,
        ErrorCode.NotAnImage or ErrorCode.DamagedImage or ErrorCode.TooManyPixels or ErrorCode.TooManyFrames or ErrorCode.BadModelFile
            or ErrorCode.BadDataset or ErrorCode.NonFiniteOutput => StatusCodes.Status422UnprocessableEntity,
        ErrorCode.Overloaded or ErrorCode.RateLimited => StatusCodes.Status429TooManyRequests,
        ErrorCode.DeviceUnavailable or ErrorCode.TrainingFailed or ErrorCode.DownloadFailed or ErrorCode.Internal =>
            StatusCodes.Status500InternalServerError,
        ErrorCode.ModelUnavailable or ErrorCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorCode.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        ErrorCode.CannotWrite => StatusCodes.Status507InsufficientStorage,
    };
#pragma warning restore CS8524
}
