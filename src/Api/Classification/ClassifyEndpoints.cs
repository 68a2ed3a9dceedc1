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
        // Fovea's own metrics count and time these requests.
        var group = app.MapGroup("/classify/{model}").DisableHttpMetrics().WithTags("Classify").NeedsKeyToClassify()
            .Refuses(400, 404, 408, 413, 415, 422, 429, 500, 503, 504);
        group.MapPost("", Classify).WithName("ClassifyImage").WithMetadata(new TakesImage()).Produces<Answer>()
            .WithSummary("Classify an image")
            .WithDescription(
                "The body is an image (JPEG, PNG, WebP, BMP or the first frame of a GIF) of at most 20 MiB: as it is, or in JSON as "
                + "base64. An answer has `multiLabel`, which is true, where the labels are independent: then each probability is that of "
                + "its label, and `threshold` leaves out the labels that an image does not have. "
                + "A form is taken too, and answered with a list as by `POST /classify/{model}/images`.");
        group.MapPost("/images", ClassifyForm).WithName("ClassifyImages").WithMetadata(new TakesImages())
            .Produces<IReadOnlyList<Answer>>()
            .WithSummary("Classify several images")
            .WithDescription(
                "The body is a form with image files. The answer is a list in the order of the files; a file that cannot be used stands "
                + "in it as its problem document. Where no file can be used the status is 422, or 413 if each is too large.");
        group.MapPost("/versions/{n}", ClassifyWithVersion).WithName("ClassifyImageWithVersion").WithMetadata(new TakesImage())
            .Produces<Answer>()
            .WithSummary("Classify with one version of a model")
            .WithDescription(
                "As `POST /classify/{model}`, but with the version named. The first request for a version that does not serve by default "
                + "waits until it is loaded.");
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
