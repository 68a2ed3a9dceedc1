using System.Globalization;
using Fovea.Api.RouteDescriptions;
using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Summary;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.NetworkCatalog;

/// <summary>The routes that describe the networks of the catalog. The networks are built without weights.</summary>
internal static class ArchitectureEndpoints
{
    public static void MapArchitectures(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/architectures").WithTags("Architectures");
        group.MapGet("", List).WithName("ListArchitectures")
            .WithSummary("List the architectures")
            .WithDescription(
                "Lists every network of the catalog, with its parameters and multiply-adds for the input size and the number of classes in "
                + "its paper.");
        group.MapGet("/{name}", Get).WithName("GetArchitecture")
            .WithSummary("Describe an architecture")
            .WithDescription(
                "Returns the paper, the input size and the number of classes in the paper, and the parameters and multiply-adds of the "
                + "network with that input and those classes.")
            .Refuses(404);
        group.MapGet("/{name}/summary", Summary).WithName("GetArchitectureSummary")
            .WithSummary("Show the layers of an architecture")
            .WithDescription("Describes the network that the query parameters would build: " + SummaryAnswer.Description)
            .ProducesSummary().Refuses(400, 404);
    }

    private static Ok<IReadOnlyList<ArchitectureDescription>> List() =>
        TypedResults.Ok<IReadOnlyList<ArchitectureDescription>>([.. Catalog.Architectures.Select(ArchitectureDescription.Of)]);

    private static Ok<ArchitectureDescription> Get(string name) => TypedResults.Ok(ArchitectureDescription.Of(Catalog.Find(name)));

    private static Results<Ok<NetworkSummary>, ContentHttpResult> Summary(
        string name, string? classes, string? input, string? stem, string? auxiliary, string? expand, HttpRequest request)
    {
        var graph = Catalog.Find(name).Build(
            Classes(classes),
            InputSize.Parse(input),
            auxiliary: SummaryAnswer.Flag("auxiliary", auxiliary),
            stem: StemNames.Parse(stem));
        return SummaryAnswer.Of(NetworkSummary.Of(graph, SummaryAnswer.Flag("expand", expand)), request);
    }

    private static int? Classes(string? text) => text is null ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int classes) ? classes
        : throw new FoveaException(ErrorCode.BadArgument, $"classes is {text}; expected a whole number from 2 to 100000.");
}
