using Fovea.Api.NetworkCatalog;
using Fovea.Api.RouteDescriptions;
using Fovea.Models.Runtime;
using Fovea.Models.Summary;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.ModelRepository;

/// <summary>The routes that list and describe the models.</summary>
internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/models").WithTags("Models");
        group.MapGet("", List).WithName("ListModels")
            .WithSummary("List the models")
            .WithDescription("Lists every model of the repository, sorted by name. The list includes models that are still loading, and "
                + "models that failed to load, with the reason.");
        group.MapGet("/{model}", Get).WithName("GetModel")
            .WithSummary("Describe a model")
            .WithDescription("Returns the versions, the state, and the input and output of the version that serves. For a file that other "
                + "software made, `findings` lists what adoption found, changed and assumed.")
            .Refuses(404);
        group.MapGet("/{model}/summary", Summary).WithName("GetModelSummary")
            .WithSummary("Show the layers of a model")
            .WithDescription("Describes the version that serves: " + SummaryAnswer.Description)
            .ProducesSummary().Refuses(400, 404, 503);
    }

    private static Ok<IReadOnlyList<ModelDescription>> List(ModelStore models, Device device) =>
        TypedResults.Ok<IReadOnlyList<ModelDescription>>(
            [.. models.All.Select(model => ModelDescription.Of(model, device) with { Findings = null })]);

    private static Ok<ModelDescription> Get(string model, ModelStore models, Device device) =>
        TypedResults.Ok(ModelDescription.Of(models.Find(model), device));

    private static async Task<Results<Ok<NetworkSummary>, ContentHttpResult>> Summary(
        string model, string? expand, HttpRequest request, ModelStore models)
    {
        var version = models.Find(model).Serving;
        return SummaryAnswer.Of(await version.Summary.Get(SummaryAnswer.Flag("expand", expand)), request);
    }
}
