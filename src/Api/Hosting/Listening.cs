using Fovea.Api.Configuration;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Fovea.Api.Hosting;

/// <summary>Configures the addresses of the service, the limits of connections, and the trusted proxies and origins.</summary>
internal static class Listening
{
    private const string DefaultUrl = "http://localhost:8080";

    // The minimum rate applies only after this time, because lost packets are sent again.
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
            server.ConfigureEndpointDefaults(endpoint =>
            {
                if (host.GrpcPort > 0 && endpoint.IPEndPoint?.Port == host.GrpcPort)
                {
                    // HTTP/2 marks the end of a body by itself, so what follows for HTTP/1.1 is not needed.
                    endpoint.Protocols = HttpProtocols.Http2;
                    return;
                }

                // The order matters: reads of CleartextHttp2 must not pass through HalfClose's reader, which would take them for reads of
                // the server and report the end of the connection too early.
                endpoint.UseCleartextHttp2(TimeProvider.System);
                endpoint.UseHalfClose(TimeProvider.System);
            });
        });
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(host.ShutdownSeconds));
        builder.Services.AddCors();

        var chosen = builder.Configuration;
        if (chosen["urls"] is null
            && chosen["http_ports"] is null
            && chosen["https_ports"] is null
            && !chosen.GetSection("Kestrel:Endpoints").Exists())
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }

        if (host.GrpcPort > 0)
        {
            builder.AddGrpcAddresses(host.GrpcPort);
        }
    }

    /// <summary>
    /// Takes the caller's address, scheme and host from the forwarding headers of a request, but only if a trusted proxy sent it.
    /// </summary>
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

    /// <summary>Allows calls from web pages of the origins in the settings (CORS).</summary>
    public static void UseOrigins(this WebApplication app, HostSettings host)
    {
        if (host.CorsOrigins.Count > 0)
        {
            app.UseCors(cors =>
                cors.WithOrigins([.. host.CorsOrigins]).AllowAnyHeader().AllowAnyMethod().WithExposedHeaders("Retry-After"));
        }
    }
}
