using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;
using Microsoft.Net.Http.Headers;

namespace Fovea.Api.Requests;

/// <summary>Finds out from the declared media type in which form a request's body has images, and checks the size limits.</summary>
internal static class RequestBody
{
    private const string MultipartForm = "multipart/form-data", FormUrlEncoded = "application/x-www-form-urlencoded";
    private const string Binary = "application/octet-stream", Json = "application/json";

    /// <summary>Returns the form of a request's body, by its declared media type; without one, an image.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnsupportedMediaType"/>: the body is declared as something other than an
    /// image, JSON or a form.</exception>
    public static BodyKind KindOf(HttpRequest request)
    {
        var declared = request.ContentType;
        if (string.IsNullOrEmpty(declared))
        {
            return BodyKind.Image;
        }

        var type = MediaTypeOf(declared);
        if (Is(type, MultipartForm))
        {
            return BodyKind.Form;
        }

        if (Is(type, Json))
        {
            return BodyKind.Json;
        }

        RefuseUnlessImage(declared, "The request");
        return BodyKind.Image;
    }

    /// <summary>Whether the body is declared as multipart/form-data.</summary>
    public static bool IsMultipart(HttpRequest request) => Is(MediaTypeOf(request.ContentType), MultipartForm);

    /// <summary>Throws if the body is not declared as multipart/form-data.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnsupportedMediaType"/>: another type, or none, is declared.</exception>
    public static void RequireForm(HttpRequest request)
    {
        if (!IsMultipart(request))
        {
            throw new ServiceException(
                ServiceError.UnsupportedMediaType,
                $"The request is declared as {(string.IsNullOrEmpty(request.ContentType) ? "nothing" : request.ContentType)}, which is not "
                    + $"a form; expected {MultipartForm} with image files.");
        }
    }

    /// <summary>Returns the largest allowed size of a body of this kind, in bytes.</summary>
    public static int Most(BodyKind kind, Settings settings) => kind switch
    {
        BodyKind.Form => settings.MaxRequestBytes,
        BodyKind.Json => Math.Min(JsonImage.MostBytes(settings.MaxImageBytes), settings.MaxRequestBytes),
        _ => settings.MaxImageBytes,
    };

    /// <summary>
    /// Throws if a body or a file is declared as something other than an image. Also accepted are no declaration, application/octet-stream,
    /// and application/x-www-form-urlencoded, which curl declares by default.
    /// </summary>
    /// <param name="contentType">The declared media type; null: none.</param>
    /// <param name="what">The subject of the message, such as "The request".</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnsupportedMediaType"/>: another type is declared.</exception>
    public static void RefuseUnlessImage(string? contentType, string what)
    {
        if (string.IsNullOrWhiteSpace(contentType))
        {
            return;
        }

        var type = MediaTypeOf(contentType);
        if (type?.Type.Equals("image", StringComparison.OrdinalIgnoreCase) != true && !Is(type, Binary) && !Is(type, FormUrlEncoded))
        {
            throw new ServiceException(
                ServiceError.UnsupportedMediaType,
                $"{what} is declared as {contentType}, which is not an image; "
                    + $"expected {string.Join(", ", ImageFormat.All.Select(format => format.MediaTypes[0]))}, {Json} or {MultipartForm}.");
        }
    }

    /// <summary>Throws if a body or a file has more bytes than allowed.</summary>
    /// <param name="most">The largest allowed number of bytes.</param>
    /// <param name="what">The subject of the message, such as "The request's body".</param>
    /// <param name="length">The number of bytes, for example from Content-Length; null: unknown, which is accepted.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.TooLarge"/>: there are more bytes than allowed.</exception>
    public static void RefuseOver(long most, string what, long? length)
    {
        if (length > most)
        {
            throw TooLarge(what, most, length);
        }
    }

    /// <summary>Returns the error for a body or a file that is too large.</summary>
    public static ServiceException TooLarge(string what, long most, long? length = null) => new(
        ServiceError.TooLarge,
        length is null
            ? $"{what} has more than the {most:N0} bytes allowed."
            : $"{what} has {length:N0} bytes; expected at most {most:N0}.");

    /// <summary>Returns the error for an empty body.</summary>
    public static FoveaException Empty(BodyKind kind) => new(
        ErrorCode.EmptyBody,
        $"The request has no body; expected {(kind == BodyKind.Form ? "a form with one or several image files" : "an image")}.");

    private static bool Is(Media? type, string mediaType) => type?.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase) == true;

    private static Media? MediaTypeOf(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) ? new(type.MediaType.Value!, type.Type.Value!) : null;

    private sealed record Media(string MediaType, string Type);
}
