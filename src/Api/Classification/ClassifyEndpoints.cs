using Fovea.Api.Keys;
using Fovea.Api.ModelRepository;
using Fovea.Api.RouteDescriptions;

namespace Fovea.Api.Classification;

/// <summary>The routes that classify.</summary>
internal static class ClassifyEndpoints
{
    public static void MapClassification(this IEndpointRouteBuilder app)
    {
        // Fovea's own metrics count and time these requests.
        var group = app.MapGroup("/classify/{model}").DisableHttpMetrics().WithTags("Classify").WithMetadata(new TakesImages())
            .NeedsKeyToClassify().Refuses(400, 404, 408, 413, 415, 422, 429, 500, 503, 504);
        group.MapPost("", Classify).Produces<Answer>()
            .WithSummary("Classify an image, or several")
            .WithDescription(
                "The body is an image (JPEG, PNG, WebP, BMP or the first frame of a GIF) of at most 20 MiB: as it is, in JSON as base64, "
                + "or as the files of a form. "
                + "A form is answered with a list in the order of its files; a file that cannot be used stands in it as its problem "
                + "document. "
                + "Where no file can be used the status is 422, or 413 if each is too large. "
                + "An answer has `multiLabel`, which is true, where the labels are independent: then each probability is that of its "
                + "label, and "
                + "`threshold` leaves out the labels that an image does not have.");
        group.MapPost("/versions/{n}", ClassifyWithVersion).Produces<Answer>()
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
