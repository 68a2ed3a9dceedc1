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
        var group = app.MapGroup("/models/{model}").WithTags("Models").NeedsKey().Refuses(404, 503, 507);
        group.MapPut("/versions/{n}", Upload).WithName("UploadModelVersion")
            .WithSummary("Upload a version of a model")
            .WithDescription("The body is an .onnx file or a form. The form has the .onnx file; a model.json and a .txt file of labels, if "
                + "the .onnx file lacks metadata; and the files that other software keeps beside a model: "
                + $"{string.Join(", ", Sidecars.FileNames)}, and the .data files that hold the model's tensors. If other software made the "
                + "file, the service adopts it (converts it to its own form) and keeps the original beside it. The answer's `findings` "
                + "list what was found, changed and assumed; a refusal names the line of model.json that supplies what is missing. Before "
                + "the version is added, a separate process loads the model and classifies test images with it. The version serves if it "
                + "has the highest number, unless another version has been published.")
            .WithMetadata(new TakesModel()).Refuses(400, 409, 413, 422);
        group.MapDelete("/versions/{n}", Delete).WithName("DeleteModelVersion")
            .WithSummary("Delete a version of a model")
            .WithDescription(
                "The version still answers the requests that are in flight. The version that serves can be deleted only if it is the "
                    + "model's only version; the model is deleted with it.")
            .Refuses(409);
        group.MapPost("/versions/{n}/publish", Publish).WithName("PublishModelVersion")
            .WithSummary("Publish a version, so that it serves")
            .WithDescription(
                "The version is loaded before it replaces the version that served, so every request is answered by one of the two. A "
                    + "published version serves until another version is published, even when versions with higher numbers are added.");
        group.MapPost("/rollback", Rollback).WithName("RollBackModel")
            .WithSummary("Go back to the previous version")
            .WithDescription("Publishes the version that served before the last publication. If that version is unknown, publishes the "
                + "version with the next lower number.")
            .Refuses(409);
        group.MapPost("/load", Load).WithName("LoadModel")
            .WithSummary("Load a model")
            .WithDescription(
                "Loads the current contents of the model's folder. If loading fails, the answer gives the reason, and the version that "
                    + "served before keeps serving.")
            .Refuses(400);
        group.MapPost("/unload", Unload).WithName("UnloadModel")
            .WithSummary("Unload a model")
            .WithDescription(
                "The model still answers the requests that are in flight, and then its memory is freed. It stays unloaded until a `load` "
                    + "request or a restart of the service.");
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
