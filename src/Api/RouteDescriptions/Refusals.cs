using Fovea.Api.Problems;

namespace Fovea.Api.RouteDescriptions;

/// <summary>Declares the error statuses of a route.</summary>
internal static class Refusals
{
    /// <summary>Declares that the route may answer with these statuses, each with a problem document.</summary>
    public static TBuilder Refuses<TBuilder>(this TBuilder route, params IEnumerable<int> statuses)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (int status in statuses)
        {
            route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(Problem), [Problem.MediaType]));
        }

        return route;
    }
}
