using Microsoft.Net.Http.Headers;

namespace Fovea.Api.RouteDescriptions;

/// <summary>
/// Marks a route that also answers in another media type than JSON, if the Accept header asks for it. The standard Produces metadata does
/// not fit: if a route has several media types for one status, only the last one reaches the OpenAPI document.
/// </summary>
/// <param name="MediaType">The media type.</param>
internal sealed record OtherAnswer(string MediaType)
{
    /// <summary>Whether the answer is text; otherwise it is bytes.</summary>
    public bool IsText => MediaType.StartsWith("text/", StringComparison.Ordinal)
        || MediaTypeHeaderValue.Parse(MediaType).Suffix.Equals("xml", StringComparison.Ordinal);
}

/// <summary>Marks routes that answer in several media types.</summary>
internal static class OtherAnswerExtensions
{
    /// <summary>Declares that the route answers in these media types too, if the Accept header asks for one.</summary>
    public static TBuilder AnswersAlso<TBuilder>(this TBuilder route, params IEnumerable<string> mediaTypes)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (var mediaType in mediaTypes)
        {
            route.WithMetadata(new OtherAnswer(mediaType));
        }

        return route;
    }
}
