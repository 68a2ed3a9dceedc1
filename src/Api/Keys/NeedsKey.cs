namespace Fovea.Api;

/// <summary>Marks a route that wants an API key.</summary>
/// <param name="ToClassify">Whether only where <see cref="ApiKeys.RequiredToClassify"/> says so.</param>
internal sealed record NeedsKey(bool ToClassify);

/// <summary>Marks routes.</summary>
internal static class NeedsKeyExtensions
{
    /// <summary>The route writes, and wants an API key.</summary>
    public static TBuilder NeedsKey<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new NeedsKey(ToClassify: false)).Refuses(401, 403);

    /// <summary>The route classifies, and wants an API key where the settings say so.</summary>
    public static TBuilder NeedsKeyToClassify<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new NeedsKey(ToClassify: true)).Refuses(401);
}
