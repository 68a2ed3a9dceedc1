using Fovea.Api.Keys;
using Fovea.Api.ModelRepository;
using Fovea.Api.RouteDescriptions;

namespace Fovea.Api.Explanation;

/// <summary>The route that explains answers.</summary>
internal static class ExplainEndpoints
{
    public static void MapExplanation(this IEndpointRouteBuilder app) => app.MapPost("/explain/{model}", Explain).WithName("ExplainImage")
        .WithTags("Explain").WithMetadata(new TakesImage()).NeedsKeyToClassify()
        .Refuses(400, 404, 408, 413, 415, 422, 429, 500, 503, 504).Produces<ExplanationAnswer>().AnswersAlso("image/png")
        .WithSummary("Show which places of an image speak for a class")
        .WithDescription(
            "The body is an image, as for `POST /classify/{model}`, or a form with exactly one file. "
            + "With `Accept: image/png`, the answer is the image with a heat map over it. Otherwise the answer is the map's numbers as "
            + "JSON: a grid of `height` rows and `width` columns over the part `region` of the upright image. "
            + "The service computes only a few explanations at the same time, with lower priority than classification; further requests "
            + "are refused with 429.");

    private static async Task<IResult> Explain(
        string model,
        string? @class,
        string? method,
        string? version,
        HttpRequest request,
        ModelStore models,
        ExplainRequests requests,
        CancellationToken stop)
    {
        var found = models.Find(model);
        using var lease = string.IsNullOrEmpty(version) ? found.Serve() : await found.Serve(version);
        return await requests.Answer(lease, @class, method, request, stop);
    }
}
