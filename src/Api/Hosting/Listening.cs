using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Fovea.Api;

/// <summary>Where the service listens, what it bears from clients, and whom it believes and lets in.</summary>
internal static class Listening
{
    private const string DefaultUrl = "http://localhost:8080";

    // How long a slow client may be slow: what a lost packet or two take to be sent again.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public static void Listen(this WebApplicationBuilder builder, Settings settings, HostSettings host)
    {
        builder.WebHost.ConfigureKestrel(server =>
        {
            var rate = host.MinBytesPerSecond == 0 ? null : new MinDataRate(host.MinBytesPerSecond, Grace);
            server.AddServerHeader = false;
            server.Limits.MaxRequestBodySize = settings.MaxRequestBytes;
            server.Limits.MaxConcurrentConnections = host.MaxConnections;
            server.Limits.MaxRequestHeadersTotalSize = host.MaxHeaderBytes;
            server.Limits.MaxRequestLineSize = Math.Min(host.MaxHeaderBytes, server.Limits.MaxRequestLineSize);
            server.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(host.HeaderSeconds);
            server.Limits.MinRequestBodyDataRate = rate;
            server.Limits.MinResponseDataRate = rate;
        });
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(host.ShutdownSeconds));
        builder.Services.AddCors();

        var chosen = builder.Configuration;
        if (chosen["urls"] is null && chosen["http_ports"] is null && chosen["https_ports"] is null && !chosen.GetSection("Kestrel:Endpoints").Exists())
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }
    }

    /// <summary>Believes what trusted proxies say about who called, and nobody else.</summary>
    public static void UseProxies(this WebApplication app, HostSettings host)
    {
        if (host.TrustedProxies.Count > 0)
        {
            var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All };
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var network in host.TrustedNetworks)
            {
                forwarded.KnownIPNetworks.Add(network);
            }

            app.UseForwardedHeaders(forwarded);
        }
    }

    /// <summary>Lets pages of other origins call, those that are named.</summary>
    public static void UseOrigins(this WebApplication app, HostSettings host)
    {
        if (host.CorsOrigins.Count > 0)
        {
            app.UseCors(cors => cors.WithOrigins([.. host.CorsOrigins]).AllowAnyHeader().AllowAnyMethod().WithExposedHeaders("Retry-After"));
        }
    }
}
