using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace Fovea.Api.Hosting;

/// <summary>
/// Gives the requests that classify, whatever their protocol, the service's own container. All that they use are singletons, so the
/// container that ASP.NET otherwise makes for each request, and frees after it, has no use. They are the requests for which ASP.NET's
/// own metrics are off.
/// </summary>
internal static class RootServices
{
    /// <summary>Adds the middleware. Call this after routing.</summary>
    public static void UseRootServices(this WebApplication app)
    {
        var root = new Root(app.Services);
        app.Use((context, next) =>
        {
            if (context.GetEndpoint()?.Metadata.GetMetadata<IDisableHttpMetricsMetadata>() is not null)
            {
                context.Features.Set<IServiceProvidersFeature>(root);
            }

            return next(context);
        });
    }

    private sealed class Root(IServiceProvider services) : IServiceProvidersFeature
    {
        public IServiceProvider RequestServices
        {
            get => services;
            set => throw new NotSupportedException("Classify requests have no services of their own.");
        }
    }
}
