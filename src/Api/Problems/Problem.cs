using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models.Errors;
using Grpc.Core;
using Microsoft.AspNetCore.WebUtilities;

namespace Fovea.Api.Problems;

/// <summary>A problem document (RFC 9457): the reason why a request, or one image of it, was refused.</summary>
/// <param name="Type">Always about:blank, which means that the title is the text of the HTTP status.</param>
/// <param name="Title">The text of the HTTP status, such as Not Found.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What was wrong and what was expected, in a sentence or two.</param>
/// <param name="Code">The stable name of the kind of problem, for programs: unknown_model, not_an_image, too_large ...</param>
internal sealed record Problem(string Type, string Title, int Status, string Detail, string Code)
{
    /// <summary>The media type of a problem document.</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>The status of the same error over gRPC.</summary>
    [JsonIgnore]
    public StatusCode GrpcStatus { get; private init; }

    /// <summary>All codes, in alphabetical order.</summary>
    public static IReadOnlyList<string> Codes { get; } =
        [.. Enum.GetValues<ErrorCode>().Select(NameOf).Concat(Enum.GetValues<ServiceError>().Select(NameOf)).Order(StringComparer.Ordinal)];

    /// <summary>Makes the problem document for an error that the caller can correct, with the error's message or another detail.</summary>
    public static Problem Of(RefusalException e, string? detail = null) => e is ServiceException own
        ? Of(own.Error, detail ?? e.Message)
        : Of(((FoveaException)e).Code, detail ?? e.Message);

    /// <summary>Makes the problem document for an error of the library Fovea.Models.</summary>
    public static Problem Of(ErrorCode code, string detail) => Of(NameOf(code), detail, ErrorStatus.Of(code), ErrorStatus.GrpcOf(code));

    /// <summary>Makes the problem document for an error of the service.</summary>
    public static Problem Of(ServiceError error, string detail) => Of(error, detail, ErrorStatus.Of(error));

    /// <summary>Makes the problem document for an error of the service whose status the server has already chosen.</summary>
    public static Problem Of(ServiceError error, string detail, int status) =>
        Of(NameOf(error), detail, status, ErrorStatus.GrpcOf(error));

    /// <summary>Whether this is the problem document for an error of this kind.</summary>
    public bool IsOf(ServiceError error) => Code == NameOf(error);

    /// <summary>Answers a request with this problem.</summary>
    public Task WriteTo(HttpResponse response)
    {
        SafeHeaders.AddNoSniff(response);
        if (ForeignErrors.WriterFor(response.HttpContext.Request.Path) is { } write)
        {
            return write(this, response);
        }

        if (GrpcError.Speaks(response.HttpContext.Request))
        {
            GrpcError.Write(this, response);
            return Task.CompletedTask;
        }

        response.StatusCode = Status;
        return response.WriteAsJsonAsync(this, options: null, MediaType);
    }

    private static Problem Of(string code, string detail, int status, StatusCode grpc) =>
        new("about:blank", ReasonPhrases.GetReasonPhrase(status), status, ReadableText.OfMessage(detail), code) { GrpcStatus = grpc };

    private static string NameOf<T>(T code) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{code}");
}
