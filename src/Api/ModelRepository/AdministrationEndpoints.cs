using Fovea.Api.Keys;
using Fovea.Api.RouteDescriptions;
using Fovea.Models.Adoption;
using Fovea.Models.Runtime;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.ModelRepository;

/// <summary>The routes that add, delete, load and publish models and versions.</summary>
internal static class AdministrationEndpoints
{
    public static void MapAdministration(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/models/{model}").WithTags("Models").NeedsKey().Refuses(404, 507);
        group.MapPut("/versions/{n}", Upload).WithName("UploadModelVersion")
            .WithSummary("Upload a version of a model")
            .WithDescription("The body is an .onnx file, or a form with the .onnx file, a model.json and a .txt file of labels, if the "
                + ".onnx file lacks metadata, and with the files that other software keeps beside a model: "
                + $"{string.Join(", ", Sidecars.FileNames)}, and the .data files of its tensors. A file that other software made is "
                + "adopted, and the original stays beside the adopted file: the answer's `findings` say what was found, changed and "
                + "assumed, and a refusal names the line of model.json that supplies what is missing. The service first loads the model "
                + "and classifies once in a separate process. The version serves if it has the highest number, unless another version has "
                + "been published.")
            .WithMetadata(new TakesModel()).Refuses(400, 409, 413, 422);
        group.MapDelete("/versions/{n}", Delete).WithName("DeleteModelVersion")
            .WithSummary("Delete a version of a model")
            .WithDescription(
                "Requests in flight are still answered with the version. The version that serves can be deleted only if it is the only "
                    + "one; the model is deleted with it.")
            .Refuses(409);
        group.MapPost("/versions/{n}/publish", Publish).WithName("PublishModelVersion")
            .WithSummary("Publish a version, so that it serves")
            .WithDescription(
                "The version is loaded before it replaces the old one, so every request is answered by one of the two. It keeps serving, "
                    + "even when versions are added, until another version is published.")
            .Refuses(503);
        group.MapPost("/rollback", Rollback).WithName("RollBackModel")
            .WithSummary("Go back to the previous version")
            .WithDescription("Publishes the version that served before the last publication, or, if that is unknown, the next lower one.")
            .Refuses(409, 503);
        group.MapPost("/load", Load).WithName("LoadModel")
            .WithSummary("Load a model")
            .WithDescription(
                "Loads the current contents of the model's folder. If that fails, the answer gives the reason, and the old version "
                    + "keeps serving.")
            .Refuses(400, 503);
        group.MapPost("/unload", Unload).WithName("UnloadModel")
            .WithSummary("Unload a model")
            .WithDescription(
                "Requests in flight are still answered. The model stays unloaded until a `load` request or a restart of the service.");
    }

    private static async Task<Created<ModelDescription>> Upload(
        string model, string n, HttpRequest request, ModelAdministration models, Device device, CancellationToken stop) =>
        TypedResults.Created($"/models/{model}", ModelDescription.Of(await models.Upload(model, n, request, stop), device));

    private static async Task<NoContent> Delete(string model, string n, ModelAdministration models, CancellationToken stop)
    {
        await models.Delete(model, n, stop);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<ModelDescription>> Publish(
        string model, string n, ModelAdministration models, Device device, CancellationToken stop) =>
        TypedResults.Ok(ModelDescription.Of(await models.Publish(model, n, stop), device));

    private static async Task<Ok<ModelDescription>> Rollback(
        string model, ModelAdministration models, Device device, CancellationToken stop) =>
        TypedResults.Ok(ModelDescription.Of(await models.Rollback(model, stop), device));

    private static async Task<Ok<ModelDescription>> Load(string model, ModelAdministration models, Device device, CancellationToken stop) =>
        TypedResults.Ok(ModelDescription.Of(await models.Load(model, stop), device));

    private static async Task<Ok<ModelDescription>> Unload(
        string model, ModelAdministration models, Device device, CancellationToken stop) =>
        TypedResults.Ok(ModelDescription.Of(await models.Unload(model, stop), device));
}
