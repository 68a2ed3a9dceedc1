using Fovea.Api.Configuration;
using Fovea.Models.Pretrained;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.NetworkCatalog;

/// <summary>The route that lists the networks from which fine-tuning can start.</summary>
internal static class PretrainedEndpoints
{
    public static void MapPretrained(this IEndpointRouteBuilder app) => app.MapGet("/pretrained", List)
        .WithName("ListPretrainedBases").WithTags("Architectures")
        .WithSummary("List the pretrained bases")
        .WithDescription(
            "Lists the networks with trained weights from which a fine-tuning job can start, in addition to the models of the repository: "
            + "the built-in network, which a job uses if it names no model, and the networks that torchvision publishes. `state` is "
            + "`built-in`, `downloaded` (the file lies in the folder `weights` of the data folder) or `to download`.");

    private static Ok<IReadOnlyList<PretrainedBase>> List(Settings settings) => TypedResults.Ok(PretrainedBases.List(settings.Weights));
}
