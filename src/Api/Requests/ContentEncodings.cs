using System.IO.Compression;
using Fovea.Api.Problems;
using Fovea.Models.Graphs;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Fovea.Api.Requests;

/// <summary>
/// Decodes request bodies that are compressed: <c>Content-Encoding</c> gzip, deflate or br. The size limits apply to the decoded bytes, so
/// a small body that decodes to many bytes is refused like a large body.
/// </summary>
internal static class ContentEncodings
{
    /// <summary>The names of the supported encodings, for headers and messages.</summary>
    public const string Known = "gzip, deflate, br";

    // The largest number of encodings of one body. Each needs a decoder, and more than two have no use.
    private const int MostEncodings = 2;

    /// <summary>Adds middleware that decodes the bodies of requests for the handlers after it. Call this before the routes.</summary>
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

        // The header lists the encodings in the order in which they were applied, so they are decoded in reverse.
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

        // These headers describe the compressed body, so they are removed.
        request.Body = new DecodedBody(body, string.Join(", ", encodings), context.Features.Get<IHttpMaxRequestBodySizeFeature>());
        request.ContentLength = null;
        request.Headers.Remove(HeaderNames.ContentEncoding);
        context.Response.RegisterForDisposeAsync(request.Body);
    }

    private static bool IsKnown(string encoding) => encoding is "gzip" or "x-gzip" or "deflate" or "br";
}
