using Fovea.Models;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api;

/// <summary>The routes that tell what models there are.</summary>
internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/models").WithTags("Models");
        group.MapGet("", List)
            .WithSummary("List the models")
            .WithDescription("Every model of the repository by name, also those that are still loading and those that failed, with the reason.");
        group.MapGet("/{model}", Get)
            .WithSummary("Describe a model")
            .WithDescription("Its versions, its state, and what the version that serves takes and gives.")
            .Refuses(404);
        group.MapGet("/{model}/summary", Summary)
            .WithSummary("Show the layers of a model")
            .WithDescription("Each layer of the version that serves with its output shape, parameters and multiply-adds: as JSON, or as a table with `Accept: text/plain`.")
            .Produces<NetworkSummary>(contentType: "application/json", additionalContentTypes: "text/plain").Refuses(404, 503);
    }

    private static Ok<IReadOnlyList<ModelDescription>> List(ModelStore models) => TypedResults.Ok<IReadOnlyList<ModelDescription>>([.. models.All.Select(ModelDescription.Of)]);

    private static Ok<ModelDescription> Get(string model, ModelStore models) => TypedResults.Ok(ModelDescription.Of(models.Find(model)));

    private static async Task<Results<Ok<NetworkSummary>, ContentHttpResult>> Summary(string model, bool? expand, HttpRequest request, ModelStore models)
    {
        var summary = await models.Find(model).Serve().Version.Summary.Get(expand == true);
        return PrefersText(request) ? TypedResults.Text(SummaryTable.ToText(summary)) : TypedResults.Ok(summary);
    }

    private static bool PrefersText(HttpRequest request) => request.GetTypedHeaders().Accept
        .OrderByDescending(type => type.Quality ?? 1)
        .FirstOrDefault(type => type.MediaType.Value is "text/plain" or "text/*" or "application/json" or "*/*")
        ?.MediaType.StartsWith("text", StringComparison.Ordinal) == true;
}
