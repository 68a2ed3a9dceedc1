using Fovea.Models;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api;

/// <summary>The routes that list and describe the models.</summary>
internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/models").WithTags("Models");
        group.MapGet("", List)
            .WithSummary("List the models")
            .WithDescription("Every model of the repository by name, also those that are still loading and those that failed, with the "
                + "reason.");
        group.MapGet("/{model}", Get)
            .WithSummary("Describe a model")
            .WithDescription("Its versions, its state, and what the version that serves takes and gives.")
            .Refuses(404);
        group.MapGet("/{model}/summary", Summary)
            .WithSummary("Show the layers of a model")
            .WithDescription("The version that serves: " + SummaryAnswer.Description)
            .ProducesSummary().Refuses(400, 404, 503);
    }

    private static Ok<IReadOnlyList<ModelDescription>> List(ModelStore models, Device device) =>
        TypedResults.Ok<IReadOnlyList<ModelDescription>>([.. models.All.Select(model => ModelDescription.Of(model, device))]);

    private static Ok<ModelDescription> Get(string model, ModelStore models, Device device) =>
        TypedResults.Ok(ModelDescription.Of(models.Find(model), device));

    private static async Task<Results<Ok<NetworkSummary>, ContentHttpResult>> Summary(
        string model, string? expand, HttpRequest request, ModelStore models)
    {
        var version = models.Find(model).Serving;
        return SummaryAnswer.Of(await version.Summary.Get(SummaryAnswer.Flag("expand", expand)), request);
    }
}
