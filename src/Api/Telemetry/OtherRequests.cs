using System.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;

namespace Fovea.Api.Telemetry;

/// <summary>
/// Middleware for requests that do not classify, including requests to unknown routes. Classify requests skip this middleware to save time:
/// other metrics count their images and measure each stage, and their routes always answer with a body.
/// </summary>
internal static class OtherRequests
{
    /// <summary>Adds middleware that classify requests skip. Call this after routing.</summary>
    public static void UseForOtherRequests(this WebApplication app, Action<IApplicationBuilder> pipeline) =>
        app.UseWhen(context => context.GetEndpoint()?.Metadata.GetMetadata<IDisableHttpMetricsMetadata>() is null, pipeline);

    /// <summary>Counts each request and measures its time.</summary>
    public static void UseRequestMetrics(this IApplicationBuilder app)
    {
        var metrics = app.ApplicationServices.GetRequiredService<Metrics>();
        app.Use((context, next) =>
        {
            // The route is read before the request is handled, because the error handler removes the endpoint.
            var (start, method) = (Stopwatch.GetTimestamp(), context.Request.Method);
            var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
            context.Response.OnCompleted(() =>
            {
                metrics.Requested(method, route, context.Response.StatusCode, Stopwatch.GetElapsedTime(start));
                return Task.CompletedTask;
            });
            return next(context);
        });
    }
}
