using System.ComponentModel.DataAnnotations;
using System.Net;
using Fovea.Models.Errors;

namespace Fovea.Api.Configuration;

/// <summary>The settings of the HTTP server, under <c>Fovea</c>.</summary>
internal sealed record HostSettings
{
    /// <summary>
    /// The port on which the Open Inference Protocol and the health service answer over gRPC, on the same hosts and with the same TLS as
    /// the service's other addresses; 0 turns gRPC off.
    /// </summary>
    [Range(0, 65_535)]
    public int GrpcPort { get; init; }

    /// <summary>
    /// Whether gRPC clients such as grpcurl can read the descriptions of the services (server reflection).
    /// </summary>
    public bool GrpcReflection { get; init; }

    /// <summary>
    /// The seconds that requests in flight may take to finish when the service stops. Requests that take longer are cut off.
    /// </summary>
    [Range(0, 3_600)]
    public int ShutdownSeconds { get; init; } = 30;

    /// <summary>The number of connections that may be open at the same time. Further connections are closed at once.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>The largest size in bytes of a request's line and headers together. A larger request is refused with 431.</summary>
    [Range(1 << 10, 1 << 20)]
    public int MaxHeaderBytes { get; init; } = 32 << 10;

    /// <summary>The seconds within which a request's headers must arrive. A slower request is refused with 408.</summary>
    [Range(1, 600)]
    public int HeaderSeconds { get; init; } = 30;

    /// <summary>
    /// The smallest number of bytes per second at which a request's body must arrive and a client must read the answer, after five seconds;
    /// 0 sets no rate. A slower body is refused with 408; the connection of a client that reads more slowly is closed.
    /// </summary>
    [Range(0, 1 << 30)]
    public int MinBytesPerSecond { get; init; } = 240;

    /// <summary>
    /// The seconds within which a body that is read into memory must arrive; five seconds more are allowed. A body with a Content-Length
    /// must always keep the pace at which the whole body arrives in this time. A slower body is refused with 408.
    /// </summary>
    [Range(1, 3_600)]
    public int BodySeconds { get; init; } = 120;

    /// <summary>
    /// The memory in bytes for all request bodies that arrive in pieces. One caller may use at most as much memory as stays free; a body
    /// that needs more is refused with 429. A body that is the only one is always accepted. A caller is an API key; without a key, an IPv4
    /// address or an IPv6 network of 64 bits.
    /// </summary>
    [Range(1L << 20, 1L << 40)]
    public long MaxBufferedBytes { get; init; } = 1L << 30;

    /// <summary>
    /// The number of requests that one caller may send per minute; 0 sets no limit. Further requests are refused with 429. A caller is an
    /// API key; without a key, an IPv4 address or an IPv6 network of 64 bits.
    /// </summary>
    [Range(0, 10_000_000)]
    public int RequestsPerMinute { get; init; }

    /// <summary>The origins whose web pages may call the service, such as <c>https://example.org</c>; <c>*</c> allows all.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>
    /// The format of the log on the console: `text`, or `json` with one object for each entry. Both have timestamps in UTC.
    /// </summary>
    [AllowedValues("text", "json")]
    public string LogFormat { get; init; } = "text";

    /// <summary>
    /// The proxies whose headers X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host the service trusts. Each is an address or a
    /// network such as <c>10.0.0.0/8</c>.
    /// </summary>
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="RefusalException">A value has the wrong type, or is out of its range.</exception>
    public static HostSettings Read(IConfiguration configuration)
    {
        var settings = Settings.Bind<HostSettings>(configuration);
        if (settings.CorsOrigins.FirstOrDefault(origin => origin != "*" && !IsOrigin(origin)) is { } wrong)
        {
            throw new FoveaException(
                ErrorCode.BadArgument, $"Fovea:CorsOrigins contains {wrong}; expected origins such as https://example.org, or *.");
        }

        _ = settings.TrustedNetworks;
        return settings;
    }

    /// <summary>The <see cref="TrustedProxies"/> as networks. A single address becomes a network of one address.</summary>
    /// <exception cref="RefusalException">An entry is neither an address nor a network.</exception>
    public IReadOnlyList<IPNetwork> TrustedNetworks =>
    [
        .. TrustedProxies.Select(proxy => IPNetwork.TryParse(proxy, out var network) ? network
            : IPAddress.TryParse(proxy, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
                : throw new FoveaException(
                    ErrorCode.BadArgument,
                    $"Fovea:TrustedProxies contains {proxy}; expected an address, or a network such as 10.0.0.0/8.")),
    ];

    private static bool IsOrigin(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https"
        && uri.GetLeftPart(UriPartial.Authority) == origin;
}
