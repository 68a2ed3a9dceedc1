using Fovea.Api.RouteDescriptions;

namespace Fovea.Api.Keys;

/// <summary>Marks a route that needs an API key.</summary>
/// <param name="Scope">
/// The scope that the key must have. <see cref="KeyScope.Classify"/> counts only if <see cref="ApiKeys.RequiredToClassify"/> is true.
/// </param>
internal sealed record NeedsKey(KeyScope Scope);

/// <summary>Marks routes that need an API key.</summary>
internal static class NeedsKeyExtensions
{
    /// <summary>Marks a route that changes data or returns private data, and so always needs an API key.</summary>
    public static TBuilder NeedsKey<TBuilder>(this TBuilder route, KeyScope scope = KeyScope.Administer)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new NeedsKey(scope)).Refuses(401, 403);

    /// <summary>Marks a route that classifies, and so needs an API key only if the settings say so.</summary>
    public static TBuilder NeedsKeyToClassify<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new NeedsKey(KeyScope.Classify)).Refuses(401, 403);
}
