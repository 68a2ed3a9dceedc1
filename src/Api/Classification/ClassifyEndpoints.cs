using Fovea.Api.Keys;
using Fovea.Api.ModelRepository;
using Fovea.Api.Requests;
using Fovea.Api.RouteDescriptions;

namespace Fovea.Api.Classification;

/// <summary>The routes that classify.</summary>
internal static class ClassifyEndpoints
{
    public static void MapClassification(this IEndpointRouteBuilder app)
    {
        // ASP.NET's metrics are turned off for these routes, because Fovea's own metrics count and time their requests.
        var group = app.MapGroup("/classify/{model}").DisableHttpMetrics().WithTags("Classify").NeedsKeyToClassify()
            .Refuses(400, 404, 408, 413, 415, 422, 429, 500, 503, 504);
        group.MapPost("", Classify).WithName("ClassifyImage").WithMetadata(new TakesImage()).Produces<Answer>()
            .WithSummary("Classify an image")
            .WithDescription(
                "The body is an image (JPEG, PNG, WebP, BMP or the first frame of a GIF) of at most 20 MiB: the bytes of the file, or "
                + "base64 in JSON. If the labels are independent, the answer has `\"multiLabel\": true`: then each label has its "
                + "own probability, and `threshold` leaves out the labels that an image does not have. "
                + "The body may also be a form; the answer is then a list, as from `POST /classify/{model}/images`.");
        group.MapPost("/images", ClassifyForm).WithName("ClassifyImages").WithMetadata(new TakesImages())
            .Produces<IReadOnlyList<Answer>>()
            .WithSummary("Classify several images")
            .WithDescription(
                "The body is a form with image files. The answer is a list in the order of the files; for a file that cannot be used, the "
                + "list has a problem document. If no file can be used, the status is 422, or 413 if every file is too large.");
        group.MapPost("/versions/{n}", ClassifyWithVersion).WithName("ClassifyImageWithVersion").WithMetadata(new TakesImage())
            .Produces<Answer>()
            .WithSummary("Classify with one version of a model")
            .WithDescription(
                "Like `POST /classify/{model}`, but with this version of the model. The first request for a version that does not serve by "
                + "default waits until the version is loaded.");
    }

    private static async Task<IResult> Classify(
        string model,
        string? top,
        string? threshold,
        HttpRequest request,
        ModelStore models,
        ClassifyRequests requests,
        CancellationToken stop)
    {
        using var lease = models.Find(model).Serve();
        return await requests.Answer(lease, top, threshold, request, stop);
    }

    private static Task<IResult> ClassifyForm(
        string model,
        string? top,
        string? threshold,
        HttpRequest request,
        ModelStore models,
        ClassifyRequests requests,
        CancellationToken stop)
    {
        RequestBody.RequireForm(request);
        return Classify(model, top, threshold, request, models, requests, stop);
    }

    private static async Task<IResult> ClassifyWithVersion(
        string model,
        string n,
        string? top,
        string? threshold,
        HttpRequest request,
        ModelStore models,
        ClassifyRequests requests,
        CancellationToken stop)
    {
        using var lease = await models.Find(model).Serve(n);
        return await requests.Answer(lease, top, threshold, request, stop);
    }
}
