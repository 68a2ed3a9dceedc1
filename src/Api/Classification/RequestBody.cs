using Fovea.Models;
using Microsoft.Net.Http.Headers;

namespace Fovea.Api;

/// <summary>The ways in which a request can carry images, told apart by its declared media type.</summary>
internal static class RequestBody
{
    private const string MultipartForm = "multipart/form-data", FormUrlEncoded = "application/x-www-form-urlencoded", Binary = "application/octet-stream", Json = "application/json";

    /// <summary>Whether the body is a form of files.</summary>
    public static bool IsMultipart(HttpRequest request) => MediaTypeOf(request.ContentType)?.MediaType.Equals(MultipartForm, StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>The one image that a body is, or holds in JSON.</summary>
    /// <exception cref="FoveaException">The body is declared as no image, is too large, is empty, or is not the JSON that was expected.</exception>
    public static async Task<PooledBytes> ReadImage(HttpRequest request, Settings settings, CancellationToken stop)
    {
        if (MediaTypeOf(request.ContentType)?.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase) == true)
        {
            using var json = await Read(request, JsonImage.MostBytes(settings.MaxImageBytes), settings, stop);
            return JsonImage.Decode(json.Span, settings.MaxImageBytes);
        }

        RefuseUnlessImage(request.ContentType, "The request");
        return await Read(request, settings.MaxImageBytes, settings, stop);
    }

    /// <summary>Refuses what is declared as something that is no image. Not declared, declared as bytes, and what curl declares by itself is accepted.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnsupportedMediaType"/>.</exception>
    public static void RefuseUnlessImage(string? contentType, string what)
    {
        if (string.IsNullOrWhiteSpace(contentType))
        {
            return;
        }

        var type = MediaTypeOf(contentType);
        if (type is null || !(type.Type.Equals("image", StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals(Binary, StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals(FormUrlEncoded, StringComparison.OrdinalIgnoreCase)))
        {
            throw new FoveaException(ErrorCode.UnsupportedMediaType, $"{what} is declared as {contentType}, which is no image; expected image/png, image/jpeg, image/webp, image/bmp, image/gif, {Json} or {MultipartForm}.");
        }
    }

    /// <summary>Refuses a body that is announced as larger than allowed, before any of it is read.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.TooLarge"/>.</exception>
    public static void RefuseOver(long most, string what, long? length)
    {
        if (length > most)
        {
            throw TooLarge(what, most, length);
        }
    }

    /// <summary>The error of something that is too large.</summary>
    public static FoveaException TooLarge(string what, long most, long? length = null) =>
        new(ErrorCode.TooLarge, length is null ? $"{what} has more than the {most:N0} bytes allowed." : $"{what} has {length:N0} bytes; expected at most {most:N0}.");

    private static async Task<PooledBytes> Read(HttpRequest request, int most, Settings settings, CancellationToken stop)
    {
        const string What = "The request's body";
        most = Math.Min(most, settings.MaxRequestBytes);
        RefuseOver(most, What, request.ContentLength);
        var body = await PooledBytes.Read(request.BodyReader, most, request.ContentLength, stop) ?? throw TooLarge(What, most);
        if (body.Memory.IsEmpty)
        {
            body.Dispose();
            throw new FoveaException(ErrorCode.EmptyBody, "The request has no body; expected an image.");
        }

        return body;
    }

    private static Media? MediaTypeOf(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) ? new(type.MediaType.Value!, type.Type.Value!) : null;

    private sealed record Media(string MediaType, string Type);
}
