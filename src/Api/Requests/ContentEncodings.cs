using System.IO.Compression;
using Fovea.Api.Problems;
using Fovea.Models.Graphs;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Fovea.Api.Requests;

/// <summary>
/// Decodes bodies that were compressed for the way: <c>Content-Encoding</c> gzip, deflate or br. The limits of a body hold for the decoded
/// bytes, so a small body that decodes to much is refused as a large one is.
/// </summary>
internal static class ContentEncodings
{
    /// <summary>The encodings that are decoded.</summary>
    public const string Known = "gzip, deflate, br";

    // Each encoding costs a decoder; nobody compresses a body thrice.
    private const int MostEncodings = 2;

    /// <summary>Decodes the bodies of requests for the handlers that follow. Call this before the routes.</summary>
    public static void UseContentEncodings(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var request = context.Request;
        var declared = request.Headers.ContentEncoding;
        if (declared.Count > 0)
        {
            string[] encodings =
            [
                .. declared.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                    .Select(encoding => encoding.ToLowerInvariant()).Where(encoding => encoding != "identity"),
            ];
            Decode(context, encodings);
        }

        return next(context);
    });

    private static void Decode(HttpContext context, string[] encodings)
    {
        var request = context.Request;
        if (encodings.Length == 0)
        {
            request.Headers.Remove(HeaderNames.ContentEncoding);
            return;
        }

        if (encodings.Length > MostEncodings || encodings.FirstOrDefault(encoding => !IsKnown(encoding)) is not null)
        {
            throw new ServiceException(
                ServiceError.UnsupportedMediaType,
                $"The body's Content-Encoding is {ReadableText.Of(string.Join(", ", encodings))}; expected {Known} or none.");
        }

        // The last encoding was applied last.
        var body = request.Body;
        foreach (var encoding in encodings.Reverse())
        {
            body = encoding switch
            {
                "br" => new BrotliStream(body, CompressionMode.Decompress),
                "deflate" => new DeflatedBody(body),
                _ => new GZipStream(body, CompressionMode.Decompress),
            };
        }

        // The length and the encodings are those of the compressed body.
        request.Body = new DecodedBody(body, string.Join(", ", encodings), context.Features.Get<IHttpMaxRequestBodySizeFeature>());
        request.ContentLength = null;
        request.Headers.Remove(HeaderNames.ContentEncoding);
        context.Response.RegisterForDisposeAsync(request.Body);
    }

    private static bool IsKnown(string encoding) => encoding is "gzip" or "x-gzip" or "deflate" or "br";
}
