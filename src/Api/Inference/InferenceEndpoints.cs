using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api;

/// <summary>The routes of the Open Inference Protocol v2.</summary>
internal static class InferenceEndpoints
{
    private static readonly string[] Extensions = ["binary_tensor_data", "classification", "statistics", "model_repository"];

    public static void MapInference(this IEndpointRouteBuilder app)
    {
        var group = InferenceError.RefusesInference(app.MapGroup("/v2").WithTags("Open Inference Protocol"), 500);
        group.MapGet("", () => TypedResults.Ok(new ServerDescription("fovea", typeof(InferenceEndpoints).Assembly.GetName().Version!.ToString(3), Extensions)))
            .WithSummary("Describe the server").WithDescription("Its version, and the extensions of the protocol that it has.");
        group.MapGet("/health/live", () => TypedResults.Ok(new ServerLive(true)))
            .WithSummary("Whether the server answers").WithDescription("Always 200.");
        InferenceError.RefusesInference(group.MapGet("/health/ready", Ready), 503)
            .WithSummary("Whether requests should be sent here").WithDescription("503 while models are loading, and while the service shuts down.");
        foreach (var (path, which) in ((string, string)[])[("/models/{model}", "the version that serves"), ("/models/{model}/versions/{n}", "the version named, which is loaded if it is not yet")])
        {
            var model = InferenceError.RefusesInference(group.MapGroup(path), 400, 404, 503);
            model.MapGet("", Describe).WithSummary("Describe a model's tensors").WithDescription($"Of {which}.");
            model.MapGet("/ready", ModelIsReady).WithSummary("Whether a model answers").WithDescription($"503 where it does not: {which}.").Produces<ModelReady>(503);
            InferenceError.RefusesInference(model.MapPost("/infer", Infer), 401, 403, 408, 413, 429, 504).DisableHttpMetrics().WithMetadata(new NeedsKey(KeyScope.Classify), new TakesTensors())
                .WithSummary("Infer").WithDescription($"With {which}. The input is preprocessed images, FP32, or image files, BYTES: base64 in JSON, or as they are behind it (`{InferBody.LengthHeader}`). With this header 0 the body is one image file, or one tensor.");
            model.MapGet("/stats", Statistics).WithSummary("Count what a model has inferred").WithDescription("Since each version was loaded.");
        }

        group.MapGet("/models/stats", Statistics).WithSummary("Count what all models have inferred").WithDescription("Since each version was loaded.");
        group.MapPost("/repository/index", Index).WithSummary("List the versions in the repository").WithDescription("With `{\"ready\": true}` those that are loaded.");
        var administration = InferenceError.RefusesInference(group.MapGroup("/repository/models/{model}").WithMetadata(new NeedsKey(KeyScope.Administer)), 400, 401, 403, 404);
        administration.MapPost("/load", Load).WithSummary("Load a model").WithDescription("As its folder is now. Parameters are not taken.");
        administration.MapPost("/unload", Unload).WithSummary("Take a model out of memory").WithDescription("Until it is loaded again. Requests under way are still answered.");
    }

    private static Results<Ok<ServerReady>, JsonHttpResult<ServerReady>> Ready(ModelStore models, IHostApplicationLifetime lifetime) =>
        models.IsLoaded && !lifetime.ApplicationStopping.IsCancellationRequested ? TypedResults.Ok(new ServerReady(true)) : TypedResults.Json(new ServerReady(false), ApiJson.Default.ServerReady, statusCode: 503);

    private static async Task<Ok<ModelTensors>> Describe(string model, string? n, ModelStore models)
    {
        using var lease = await Lease(models.Find(model), n);
        return TypedResults.Ok(ModelTensors.Of(models.Find(model), lease.Model));
    }

    private static Results<Ok<ModelReady>, JsonHttpResult<ModelReady>> ModelIsReady(string model, string? n, ModelStore models)
    {
        var found = models.Find(model);
        return (n is null ? found.Now.Serving : found.Find(n))?.Served is not null
            ? TypedResults.Ok(new ModelReady(model, true))
            : TypedResults.Json(new ModelReady(model, false), ApiJson.Default.ModelReady, statusCode: 503);
    }

    private static async Task Infer(string model, string? n, HttpContext context, ModelStore models, InferenceRequests requests, CancellationToken stop)
    {
        using var lease = await Lease(models.Find(model), n);
        await requests.Answer(lease, context, stop);
    }

    private static Ok<ModelStatisticsList> Statistics(string? model, string? n, ModelStore models)
    {
        var chosen = model is null ? models.All : [models.Find(model)];
        var versions = chosen.SelectMany(found => (n is null ? found.Now.All.Distinct() : [found.Find(n)]).Select(version => version.Served).OfType<ServedModel>());
        return TypedResults.Ok(new ModelStatisticsList([.. versions.Select(served => served.Statistics.Read(served.Name, $"{served.Version}"))]));
    }

    private static async Task<Ok<IReadOnlyList<IndexEntry>>> Index(HttpRequest request, RequestBodies bodies, ModelStore models)
    {
        bool onlyReady = await IndexRequest.WantsReady(request, bodies);
        return TypedResults.Ok<IReadOnlyList<IndexEntry>>([.. models.All.SelectMany(IndexEntry.Of).Where(entry => entry.IsReady || !onlyReady)]);
    }

    private static async Task<Ok<IReadOnlyList<IndexEntry>>> Load(string model, ModelAdministration models, CancellationToken stop) =>
        TypedResults.Ok<IReadOnlyList<IndexEntry>>([.. IndexEntry.Of(await models.Load(model, stop))]);

    private static async Task<Ok<IReadOnlyList<IndexEntry>>> Unload(string model, ModelAdministration models, CancellationToken stop) =>
        TypedResults.Ok<IReadOnlyList<IndexEntry>>([.. IndexEntry.Of(await models.Unload(model, stop))]);

    private static async Task<Lease> Lease(StoredModel model, string? version) => version is null ? model.Serve() : await model.Serve(version);
}
