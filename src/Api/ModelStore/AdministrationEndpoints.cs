using Fovea.Models;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api;

/// <summary>The routes that change what models there are and which of them serve.</summary>
internal static class AdministrationEndpoints
{
    public static void MapAdministration(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/models/{model}").WithTags("Administration").NeedsKey().Refuses(404, 507);
        group.MapPut("/versions/{n}", Upload)
            .WithSummary("Upload a version of a model")
            .WithDescription("The body is an .onnx file: as it is, or in a form with a model.json and a .txt file of labels, for a file that says too little about itself. It is loaded, and classifies once, in a process "
                + "of its own before it counts. It serves where it is the highest version, unless another was published.")
            .WithMetadata(new TakesModel()).Refuses(400, 409, 413, 422);
        group.MapDelete("/versions/{n}", Delete)
            .WithSummary("Delete a version of a model")
            .WithDescription("Requests under way are still answered with it. The version that serves is deleted only where it is the only one, and the model with it.")
            .Refuses(409);
        group.MapPost("/versions/{n}/publish", Publish)
            .WithSummary("Make a version the one that serves")
            .WithDescription("It is loaded first; requests see the one version or the other. It goes on serving, whichever versions are added, until another is published.")
            .Refuses(503);
        group.MapPost("/rollback", Rollback)
            .WithSummary("Go back to the version that served before")
            .WithDescription("The one that served before the last publishing; where that is not known, the next lower one.")
            .Refuses(409, 503);
        group.MapPost("/load", Load)
            .WithSummary("Load a model")
            .WithDescription("As its folder is now. If that fails the answer says why, and what served goes on.")
            .Refuses(400, 503);
        group.MapPost("/unload", Unload)
            .WithSummary("Take a model out of memory")
            .WithDescription("Requests under way are still answered. It is not loaded again before `load`, or before the service starts anew.");
    }

    private static async Task<Created<ModelDescription>> Upload(string model, string n, HttpRequest request, ModelAdministration models, Device device, CancellationToken stop) =>
        TypedResults.Created($"/models/{model}", ModelDescription.Of(await models.Upload(model, n, request, stop), device));

    private static async Task<NoContent> Delete(string model, string n, ModelAdministration models, CancellationToken stop)
    {
        await models.Delete(model, n, stop);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<ModelDescription>> Publish(string model, string n, ModelAdministration models, Device device, CancellationToken stop) =>
        TypedResults.Ok(ModelDescription.Of(await models.Publish(model, n, stop), device));

    private static async Task<Ok<ModelDescription>> Rollback(string model, ModelAdministration models, Device device, CancellationToken stop) =>
        TypedResults.Ok(ModelDescription.Of(await models.Rollback(model, stop), device));

    private static async Task<Ok<ModelDescription>> Load(string model, ModelAdministration models, Device device, CancellationToken stop) =>
        TypedResults.Ok(ModelDescription.Of(await models.Load(model, stop), device));

    private static async Task<Ok<ModelDescription>> Unload(string model, ModelAdministration models, Device device, CancellationToken stop) =>
        TypedResults.Ok(ModelDescription.Of(await models.Unload(model, stop), device));
}
