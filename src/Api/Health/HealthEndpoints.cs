using Fovea.Models;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api;

/// <summary>The probes of orchestrators and load balancers.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/health").WithTags("Health");
        group.MapGet("/live", Live)
            .WithSummary("Whether the process answers")
            .WithDescription("Always 200. A failure means that the process should be restarted.");
        group.MapGet("/ready", Ready)
            .WithSummary("Whether requests should be sent here")
            .WithDescription("503 until every model has been loaded or has failed, and again while the service shuts down.")
            .Refuses(503);
    }

    private static Ok<Health> Live() => TypedResults.Ok(new Health("live"));

    private static Ok<Health> Ready(ModelStore models, FineTuningSettings roles, IHostApplicationLifetime lifetime) =>
        lifetime.ApplicationStopping.IsCancellationRequested ? throw new FoveaException(ErrorCode.Unavailable, "The service is shutting down.")
        : models.IsLoaded || !roles.Serves ? TypedResults.Ok(new Health("ready"))
        : throw new FoveaException(ErrorCode.Unavailable, "The service is starting: not all models are loaded yet.");
}

/// <summary>The state of the service.</summary>
/// <param name="Status">live or ready.</param>
internal sealed record Health(string Status);
