using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;
using Microsoft.Net.Http.Headers;

namespace Fovea.Api.Requests;

/// <summary>The ways in which a request can carry images, told apart by its declared media type.</summary>
internal static class RequestBody
{
    private const string MultipartForm = "multipart/form-data", FormUrlEncoded = "application/x-www-form-urlencoded";
    private const string Binary = "application/octet-stream", Json = "application/json";

    /// <summary>The media type that a request declares for its body.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnsupportedMediaType"/>: neither an image, nor JSON, nor a
    /// form.</exception>
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

    /// <summary>Whether the body is a form of files.</summary>
    public static bool IsMultipart(HttpRequest request) => Is(MediaTypeOf(request.ContentType), MultipartForm);

    /// <summary>Refuses a body that is no form of files.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnsupportedMediaType"/>.</exception>
    public static void RequireForm(HttpRequest request)
    {
        if (!IsMultipart(request))
        {
            throw new ServiceException(
                ServiceError.UnsupportedMediaType,
                $"The request is declared as {(string.IsNullOrEmpty(request.ContentType) ? "nothing" : request.ContentType)}, which is no "
                    + $"form; expected {MultipartForm} with image files.");
        }
    }

    /// <summary>The largest body of a kind in bytes.</summary>
    public static int Most(BodyKind kind, Settings settings) => kind switch
    {
        BodyKind.Form => settings.MaxRequestBytes,
        BodyKind.Json => Math.Min(JsonImage.MostBytes(settings.MaxImageBytes), settings.MaxRequestBytes),
        _ => settings.MaxImageBytes,
    };

    /// <summary>
    /// Refuses a body or a file that is declared as something other than an image. No declaration, bytes, and the type that curl declares
    /// by itself are accepted.
    /// </summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnsupportedMediaType"/>.</exception>
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
                $"{what} is declared as {contentType}, which is no image; "
                    + $"expected {string.Join(", ", ImageFormat.All.Select(format => format.MediaTypes[0]))}, {Json} or {MultipartForm}.");
        }
    }

    /// <summary>Refuses a body that is announced as larger than allowed, before any of it is read.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.TooLarge"/>.</exception>
    public static void RefuseOver(long most, string what, long? length)
    {
        if (length > most)
        {
            throw TooLarge(what, most, length);
        }
    }

    /// <summary>The error of a body or a file that is too large.</summary>
    public static ServiceException TooLarge(string what, long most, long? length = null) => new(
        ServiceError.TooLarge,
        length is null
            ? $"{what} has more than the {most:N0} bytes allowed."
            : $"{what} has {length:N0} bytes; expected at most {most:N0}.");

    /// <summary>The error of an empty body.</summary>
    public static FoveaException Empty(BodyKind kind) => new(
        ErrorCode.EmptyBody,
        $"The request has no body; expected {(kind == BodyKind.Form ? "a form with one or several image files" : "an image")}.");

    private static bool Is(Media? type, string mediaType) => type?.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase) == true;

    private static Media? MediaTypeOf(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) ? new(type.MediaType.Value!, type.Type.Value!) : null;

    private sealed record Media(string MediaType, string Type);
}
