namespace Fovea.Api;

/// <summary>Describes how a route refuses.</summary>
internal static class Refusals
{
    /// <summary>Adds these statuses, each with a problem document, to what a route may answer.</summary>
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
