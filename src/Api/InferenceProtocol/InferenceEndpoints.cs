using Fovea.Api.Keys;
using Fovea.Api.ModelRepository;
using Fovea.Api.Probes;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Api.RouteDescriptions;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Models.Graphs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.InferenceProtocol;

/// <summary>The routes of the Open Inference Protocol v2.</summary>
internal static class InferenceEndpoints
{
    private static readonly string[] Extensions = ["binary_tensor_data", "classification", "statistics", "model_repository"];

    public static void MapInference(this IEndpointRouteBuilder app)
    {
        var group = InferenceError.RefusesInference(app.MapGroup("/v2").WithTags("Open Inference Protocol"), 500);
        group.MapGet("", () => TypedResults.Ok(ServerDescription.With(Extensions))).WithName("GetInferenceServer")
                .WithSummary("Describe the server").WithDescription("Returns the version, and the supported extensions of the protocol.");
        group.MapGet("/health/live", () => TypedResults.Ok(new ServerLive(true))).WithName("CheckInferenceServerLive")
                .WithSummary("Check that the server answers").WithDescription("Always 200.");
        InferenceError.RefusesInference(group.MapGet("/health/ready", Ready), 503).WithName("CheckInferenceServerReady")
                .WithSummary("Check that the server is ready for requests")
                .WithDescription("Answers 503 while models are loading, and while the service shuts down.");
        MapModel(
            group.MapGroup("/models/{model}"),
            "",
            "the version that serves",
            (string model, ModelStore models) => Describe(model, null, models),
            (string model, ModelStore models) => ModelIsReady(model, null, models),
            (string model, HttpContext context, ModelStore models, InferenceRequests requests, CancellationToken stop) =>
                Infer(model, null, context, models, requests, stop),
            (string model, ModelStore models) => Statistics(model, null, models));
        MapModel(
            group.MapGroup("/models/{model}/versions/{n}"),
            "Version",
            "version n, which is loaded first if necessary",
            Describe,
            ModelIsReady,
            Infer,
            Statistics);
        group.MapGet("/models/stats", (ModelStore models) => Statistics(null, null, models)).WithName("GetInferenceStatistics")
            .WithSummary("Get the statistics of all models").WithDescription("The counts begin when each version is loaded.");
        group.MapPost("/repository/index", Index).WithName("ListInferenceModels").WithMetadata(new TakesIndexRequest())
            .WithSummary("List the versions in the repository").WithDescription("With `{\"ready\": true}`, lists only loaded versions.");
        var administration = InferenceError.RefusesInference(
            group.MapGroup("/repository/models/{model}").WithMetadata(new NeedsKey(KeyScope.Administer)), 400, 401, 403, 404);
        administration.MapPost("/load", Load).WithName("LoadInferenceModel")
            .WithSummary("Load a model")
            .WithDescription("Loads the model from the current contents of its folder. Parameters are ignored.");
        administration.MapPost("/unload", Unload).WithName("UnloadInferenceModel")
            .WithSummary("Unload a model")
            .WithDescription(
                "Frees the model's memory. The model answers again after it is loaded. Requests in flight are still answered.");
    }

    // Maps the routes of one model: the routes for the version that serves, or those for version n. Both kinds have their own handlers,
    // because a shared handler would declare n as a query parameter of the routes whose path does not contain it.
    private static void MapModel(
        RouteGroupBuilder routes, string version, string which, Delegate describe, Delegate ready, Delegate infer, Delegate statistics)
    {
        var model = InferenceError.RefusesInference(routes, 400, 404, 503);
        model.MapGet("", describe).WithName($"GetInferenceModel{version}")
            .WithSummary("Describe a model's tensors").WithDescription($"Describes {which}.");
        model.MapGet("/ready", ready).WithName($"CheckInferenceModel{version}Ready")
            .WithSummary("Check that a model answers")
            .WithDescription($"Answers 503 if the model cannot answer with {which}.").Produces<ModelReady>(503);
        InferenceError.RefusesInference(model.MapPost("/infer", infer), 401, 403, 408, 413, 429, 504)
            .WithName($"InferWithModel{version}").DisableHttpMetrics().WithMetadata(new NeedsKey(KeyScope.Classify), new TakesTensors())
            .WithSummary("Infer")
            .WithDescription(
                $"Runs {which}. The input is a tensor of preprocessed images (FP32) or a list of image files (BYTES). Image files stand "
                    + $"in the JSON as base64, or as bytes after the JSON; the header `{InferBody.LengthHeader}` gives the length of the "
                    + "JSON. If this header is 0, the body is one image file or one tensor.");
        model.MapGet("/stats", statistics).WithName($"GetInferenceModel{version}Statistics")
            .WithSummary("Get a model's statistics").WithDescription("The counts begin when each version is loaded.");
    }

    private static Results<Ok<ServerReady>, JsonHttpResult<ServerReady>> Ready(Readiness readiness) => readiness.IsReady
        ? TypedResults.Ok(new ServerReady(true))
        : TypedResults.Json(new ServerReady(false), InferenceJson.Default.ServerReady, statusCode: 503);

    private static async Task<Ok<ModelTensors>> Describe(string model, string? n, ModelStore models) =>
        TypedResults.Ok(await new ModelChoice(models.Find(model), n).Describe());

    private static Results<Ok<ModelReady>, JsonHttpResult<ModelReady>> ModelIsReady(string model, string? n, ModelStore models) =>
        new ModelChoice(models.Find(model), n).IsReady
            ? TypedResults.Ok(new ModelReady(model, true))
            : TypedResults.Json(new ModelReady(model, false), InferenceJson.Default.ModelReady, statusCode: 503);

    private static async Task Infer(
        string model, string? n, HttpContext context, ModelStore models, InferenceRequests requests, CancellationToken stop)
    {
        using var lease = await new ModelChoice(models.Find(model), n).Lease();
        await requests.Answer(lease, context, stop);
    }

    private static Ok<ModelStatisticsList> Statistics(string? model, string? n, ModelStore models)
    {
        var chosen = model is null ? models.All : [models.Find(model)];
        var versions = chosen.SelectMany(found => n is null ? found.Now.All.Distinct() : [found.Find(n)])
            .Select(version => version.Served).OfType<ServedModel>();
        return TypedResults.Ok(
            new ModelStatisticsList([.. versions.Select(served => served.Statistics.Read(served.Name, $"{served.Version}"))]));
    }

    private static async Task<Ok<IReadOnlyList<IndexEntry>>> Index(HttpRequest request, RequestBodies bodies, ModelStore models)
    {
        bool onlyReady = await IndexRequest.WantsReady(request, bodies);
        return TypedResults.Ok<IReadOnlyList<IndexEntry>>(
            [.. models.All.SelectMany(IndexEntry.Of).Where(entry => entry.IsReady || !onlyReady)]);
    }

    private static async Task<Ok<IReadOnlyList<IndexEntry>>> Load(string model, ModelAdministration models, CancellationToken stop) =>
        TypedResults.Ok<IReadOnlyList<IndexEntry>>([.. IndexEntry.Of(await models.Load(model, stop))]);

    private static async Task<Ok<IReadOnlyList<IndexEntry>>> Unload(string model, ModelAdministration models, CancellationToken stop) =>
        TypedResults.Ok<IReadOnlyList<IndexEntry>>([.. IndexEntry.Of(await models.Unload(model, stop))]);
}
