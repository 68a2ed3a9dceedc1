using Fovea.Api.RouteDescriptions;
using Fovea.Models.Errors;
using Fovea.Models.Summary;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.NetworkCatalog;

/// <summary>Writes the summary of a network in the form that the request's Accept header wants: JSON, a table or a picture.</summary>
internal static class SummaryAnswer
{
    public const string Description = "each layer with its output shape, parameters, multiply-adds, receptive field and memory. "
            + "The answer is JSON, a table with `Accept: text/plain`, or a picture with `Accept: image/svg+xml`.";

    private const string Json = "application/json", Table = "text/plain", Picture = "image/svg+xml";

    public static Results<Ok<NetworkSummary>, ContentHttpResult> Of(NetworkSummary summary, HttpRequest request)
    {
        // The answer depends on the Accept header, so caches must store one answer for each Accept header.
        request.HttpContext.Response.Headers.Vary = "Accept";
        return Preferred(request) switch
        {
            Table => TypedResults.Text(SummaryTable.ToText(summary)),
            Picture => TypedResults.Text(NetworkPicture.ToSvg(summary), Picture, System.Text.Encoding.UTF8),
            _ => TypedResults.Ok(summary),
        };
    }

    /// <summary>Declares the three forms of the answer in the OpenAPI document.</summary>
    public static RouteHandlerBuilder ProducesSummary(this RouteHandlerBuilder route) =>
        route.Produces<NetworkSummary>(contentType: Json).AnswersAlso(Table, Picture);

    /// <summary>Reads a query parameter that is true or false; null means false.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArgument"/>: the parameter is neither true nor false.</exception>
    public static bool Flag(string name, string? text) => text is null ? false
        : bool.TryParse(text, out bool value) ? value
        : throw new FoveaException(ErrorCode.BadArgument, $"{name} is {text}; expected true or false.");

    private static string Preferred(HttpRequest request) => request.GetTypedHeaders().Accept
        .OrderByDescending(type => type.Quality ?? 1)
        .Select(type => type.MediaType.Value switch
        {
            Table or "text/*" => Table,
            Picture or "image/*" => Picture,
            Json or "application/*" or "*/*" => Json,
            _ => null,
        })
        .FirstOrDefault(type => type is not null) ?? Json;
}
