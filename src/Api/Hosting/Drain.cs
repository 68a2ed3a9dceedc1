using Fovea.Api.Problems;

namespace Fovea.Api.Hosting;

/// <summary>While the service shuts down: refuses new requests on open connections, and lets requests in flight finish.</summary>
internal static class Drain
{
    // Probes and metrics are answered until the end, so that load balancers and monitoring see the shutdown.
    private static readonly string[] Answered =
    [
        "/health", "/v2/health", "/metrics", "/grpc.health.v1.Health", "/inference.GRPCInferenceService/ServerLive",
        "/inference.GRPCInferenceService/ServerReady",
    ];

    public static void UseDrain(this WebApplication app) => app.Use((context, next) =>
        app.Lifetime.ApplicationStopping.IsCancellationRequested
            && !Answered.Any(path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal))
            ? throw new ServiceException(ServiceError.Unavailable, "The service is shutting down.")
            : next(context));
}
