using System.Globalization;
using Fovea.Models;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api;

/// <summary>The routes that explore networks which have no file yet. No weights are drawn for them.</summary>
internal static class ArchitectureEndpoints
{
    public static void MapArchitectures(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/architectures").WithTags("Architectures");
        group.MapGet("", List)
            .WithSummary("List the architectures")
            .WithDescription("Every network that can be built, with its parameters and multiply-adds at the paper's input and number of classes.");
        group.MapGet("/{name}", Get)
            .WithSummary("Describe an architecture")
            .WithDescription("The paper, its input and number of classes, and what the network has of parameters and multiply-adds with them.")
            .Refuses(404);
        group.MapGet("/{name}/summary", Summary)
            .WithSummary("Show the layers of an architecture")
            .WithDescription("The network as it would be built with these arguments: " + SummaryAnswer.Description)
            .ProducesSummary().Refuses(400, 404);
    }

    private static Ok<IReadOnlyList<ArchitectureDescription>> List() =>
        TypedResults.Ok<IReadOnlyList<ArchitectureDescription>>([.. Catalog.Architectures.Select(ArchitectureDescription.Of)]);

    private static Ok<ArchitectureDescription> Get(string name) => TypedResults.Ok(ArchitectureDescription.Of(Catalog.Find(name)));

    private static Results<Ok<NetworkSummary>, ContentHttpResult> Summary(string name, string? classes, string? input, string? auxiliary, string? expand, HttpRequest request)
    {
        var graph = Catalog.Find(name).Build(Classes(classes), InputSize.Parse(input), auxiliary: SummaryAnswer.Flag("auxiliary", auxiliary));
        return SummaryAnswer.Of(NetworkSummary.Of(graph, SummaryAnswer.Flag("expand", expand)), request);
    }

    private static int? Classes(string? text) => text is null ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int classes) ? classes
        : throw new FoveaException(ErrorCode.BadArgument, $"classes is {text}; expected a whole number from 2 to 100000.");
}
