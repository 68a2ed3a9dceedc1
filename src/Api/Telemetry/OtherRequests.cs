using System.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;

namespace Fovea.Api;

/// <summary>The requests that do not classify, unknown routes among them. Those that do are spared what these go through: their images are counted and timed, stage by stage, and their routes answer with a body.</summary>
internal static class OtherRequests
{
    /// <summary>Sends them, but not those that classify, through more of the pipeline. To be called behind routing.</summary>
    public static void UseForOtherRequests(this WebApplication app, Action<IApplicationBuilder> pipeline) =>
        app.UseWhen(context => context.GetEndpoint()?.Metadata.GetMetadata<IDisableHttpMetricsMetadata>() is null, pipeline);

    /// <summary>Counts and times each.</summary>
    public static void UseRequestMetrics(this IApplicationBuilder app)
    {
        var metrics = app.ApplicationServices.GetRequiredService<Metrics>();
        app.Use((context, next) =>
        {
            // Now, since an error takes the endpoint away.
            var (start, method, route) = (Stopwatch.GetTimestamp(), context.Request.Method, (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText);
            context.Response.OnCompleted(() =>
            {
                metrics.Requested(method, route, context.Response.StatusCode, Stopwatch.GetElapsedTime(start));
                return Task.CompletedTask;
            });
            return next(context);
        });
    }
}
