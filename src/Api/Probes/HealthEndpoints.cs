using Fovea.Api.Problems;
using Fovea.Api.RouteDescriptions;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.Probes;

/// <summary>The probes for orchestrators and load balancers.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/health").WithTags("Health");
        group.MapGet("/live", Live).WithName("CheckLive")
            .WithSummary("Check that the process answers")
            .WithDescription("Always answers 200. If there is no answer, restart the process.");
        group.MapGet("/ready", Ready).WithName("CheckReady")
            .WithSummary("Check that the service is ready for requests")
            .WithDescription("Answers 503 until every model has loaded or failed to load, and again while the service shuts down.")
            .Refuses(503);
    }

    private static Ok<Health> Live() => TypedResults.Ok(new Health("live"));

    private static Ok<Health> Ready(Readiness readiness) => readiness.WhyNot is { } reason
        ? throw new ServiceException(ServiceError.Unavailable, reason)
        : TypedResults.Ok(new Health("ready"));
}

/// <summary>The state of the service.</summary>
/// <param name="Status">The state: <c>live</c> or <c>ready</c>.</param>
internal sealed record Health(string Status);
