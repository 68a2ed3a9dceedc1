namespace Fovea.Api;

/// <summary>Marks a route that wants an API key.</summary>
/// <param name="Scope">What the key must be for; to classify, only where <see cref="ApiKeys.RequiredToClassify"/> says so.</param>
internal sealed record NeedsKey(KeyScope Scope);

/// <summary>Marks routes.</summary>
internal static class NeedsKeyExtensions
{
    /// <summary>The route writes, or shows what is private, and wants an API key.</summary>
    public static TBuilder NeedsKey<TBuilder>(this TBuilder route, KeyScope scope = KeyScope.Administer)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new NeedsKey(scope)).Refuses(401, 403);

    /// <summary>The route classifies, and wants an API key where the settings say so.</summary>
    public static TBuilder NeedsKeyToClassify<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new NeedsKey(KeyScope.Classify)).Refuses(401, 403);
}
