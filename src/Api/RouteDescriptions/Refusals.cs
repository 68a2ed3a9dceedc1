using Fovea.Api.Problems;

namespace Fovea.Api.RouteDescriptions;

/// <summary>Declares the error statuses of a route.</summary>
internal static class Refusals
{
    /// <summary>Declares that the route may answer with these statuses, each with a problem document.</summary>
    public static TBuilder Refuses<TBuilder>(this TBuilder route, params IEnumerable<int> statuses)
        where TBuilder : IEndpointConventionBuilder => route.Refuses(typeof(Problem), Problem.MediaType, statuses);

    /// <summary>Declares that the route may answer with these statuses, each with a document of another API.</summary>
    public static TBuilder RefusesWith<TBuilder>(this TBuilder route, Type document, params IEnumerable<int> statuses)
        where TBuilder : IEndpointConventionBuilder => route.Refuses(document, "application/json", statuses);

    private static TBuilder Refuses<TBuilder>(this TBuilder route, Type document, string mediaType, IEnumerable<int> statuses)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (int status in statuses)
        {
            route.WithMetadata(new ProducesResponseTypeMetadata(status, document, [mediaType]));
        }

        return route;
    }
}
