using Fovea.Api.Keys;

namespace Fovea.Api.AuditTrail;

/// <summary>Records the requests that change data, also those that are refused for their key.</summary>
internal static class AuditRecording
{
    public static void UseAuditTrail(this WebApplication app)
    {
        var (audit, keys) = (app.Services.GetRequiredService<AuditLog>(), app.Services.GetRequiredService<ApiKeys>());
        app.Use((context, next) =>
        {
            if (context.GetEndpoint()?.Metadata.GetMetadata<NeedsKey>() is { Scope: not KeyScope.Classify }
                && !HttpMethods.IsGet(context.Request.Method))
            {
                RecordWhenDone(context, keys, audit);
            }

            return next(context);
        });
    }

    // The request is recorded when its answer has been sent. The path is without its query, and escaped, so it has no line breaks.
    private static void RecordWhenDone(HttpContext context, ApiKeys keys, AuditLog audit)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.ToString());
        var address = context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
        var key = keys.Find(context.Request)?.Name ?? (keys.Any ? "no known key" : "no key configured");
        context.Response.OnCompleted(() =>
        {
            var created = context.Response.Headers.Location is { Count: > 0 } location ? location.ToString() : null;
            audit.Record(key, method, path, context.Response.StatusCode, address, created);
            return Task.CompletedTask;
        });
    }
}
