using Fovea.Models;

namespace Fovea.Api;

/// <summary>Refuses what comes on connections that are still open after the service was told to stop; what is under way goes on.</summary>
internal static class Drain
{
    public static void UseDrain(this WebApplication app) => app.Use((context, next) =>
        app.Lifetime.ApplicationStopping.IsCancellationRequested && !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal) && !context.Request.Path.StartsWithSegments("/v2/health", StringComparison.Ordinal)
            ? throw new FoveaException(ErrorCode.Unavailable, "The service is shutting down.")
            : next(context));
}
