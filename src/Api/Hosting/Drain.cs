using Fovea.Models;

namespace Fovea.Api;

/// <summary>Refuses what comes on connections that are still open after the service was told to stop; what is under way goes on.</summary>
internal static class Drain
{
    // What asks how the service is, is told until the end.
    private static readonly string[] Answered = ["/health", "/v2/health", "/metrics"];

    public static void UseDrain(this WebApplication app) => app.Use((context, next) =>
        app.Lifetime.ApplicationStopping.IsCancellationRequested && !Answered.Any(path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal))
            ? throw new FoveaException(ErrorCode.Unavailable, "The service is shutting down.")
            : next(context));
}
