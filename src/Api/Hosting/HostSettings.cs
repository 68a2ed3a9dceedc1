using System.Net;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>The settings of the HTTP server, under <c>Fovea</c>.</summary>
internal sealed record HostSettings
{
    /// <summary>
    /// How long requests under way may take to finish when the service is told to stop, in seconds, 0 to 3,600. Default 30. Then they are
    /// cut off.
    /// </summary>
    public int ShutdownSeconds { get; init; } = 30;

    /// <summary>The connections that are open at the same time, 1 to 1,000,000. Default 10,000. One more is closed at once.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>The size of a request's line and headers together in bytes, 1 KiB to 1 MiB. Default 32 KiB. Larger: 431.</summary>
    public int MaxHeaderBytes { get; init; } = 32 << 10;

    /// <summary>How long a request's headers may take to arrive, in seconds, 1 to 600. Default 30. Longer: 408.</summary>
    public int HeaderSeconds { get; init; } = 30;

    /// <summary>
    /// The rate at which a body must arrive and an answer be taken, from its fifth second on, in bytes a second, 0 to 1 GiB; 0: any.
    /// Default 240. Slower: 408, or the connection is closed.
    /// </summary>
    public int MinBytesPerSecond { get; init; } = 240;

    /// <summary>
    /// The time in which a body must arrive that is kept in memory, in seconds, 1 to 3,600, and five more. Default 120. An announced body
    /// must keep the pace at which all of it comes in this time. Slower: 408.
    /// </summary>
    public int BodySeconds { get; init; } = 120;

    /// <summary>
    /// The memory of all bodies that arrive in pieces, in bytes, 1 MiB to 1 TiB. Default 1 GiB. A caller may hold at most as much as stays
    /// free. More: 429. A body that is alone is always taken. A caller is an API key, or else an IPv4 address or an IPv6 network of 64
    /// bits.
    /// </summary>
    public long MaxBufferedBytes { get; init; } = 1L << 30;

    /// <summary>
    /// The requests that one caller may send in a minute, 0 to 10 million; 0: any number. Default 0. More: 429. A caller is an API key, or
    /// else an IPv4 address or an IPv6 network of 64 bits.
    /// </summary>
    public int RequestsPerMinute { get; init; }

    /// <summary>The origins whose pages may call the service, such as <c>https://example.org</c>; <c>*</c>: all. Default none.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>
    /// The proxies whose X-Forwarded-For, -Proto and -Host are believed, each an address or a network such as <c>10.0.0.0/8</c>. Default
    /// none.
    /// </summary>
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="FoveaException">A value is of the wrong kind, or out of its range.</exception>
    public static HostSettings Read(IConfiguration configuration)
    {
        var settings = Settings.Bind<HostSettings>(configuration);
        Settings.Check(settings.ShutdownSeconds, 0, 3_600);
        Settings.Check(settings.MaxConnections, 1, 1_000_000);
        Settings.Check(settings.MaxHeaderBytes, 1 << 10, 1 << 20);
        Settings.Check(settings.HeaderSeconds, 1, 600);
        Settings.Check(settings.MinBytesPerSecond, 0, 1 << 30);
        Settings.Check(settings.BodySeconds, 1, 3_600);
        Settings.Check(settings.MaxBufferedBytes, 1L << 20, 1L << 40);
        Settings.Check(settings.RequestsPerMinute, 0, 10_000_000);
        if (settings.CorsOrigins.FirstOrDefault(origin => origin != "*" && !IsOrigin(origin)) is { } wrong)
        {
            throw new FoveaException(ErrorCode.BadArgument, $"Fovea:CorsOrigins holds {wrong}; expected origins such as https://example.org, or *.");
        }

        _ = settings.TrustedNetworks;
        return settings;
    }

    /// <summary><see cref="TrustedProxies"/> as networks, an address being one of its own.</summary>
    /// <exception cref="FoveaException">One of them is neither.</exception>
    public IReadOnlyList<IPNetwork> TrustedNetworks =>
    [
        .. TrustedProxies.Select(proxy => IPNetwork.TryParse(proxy, out var network) ? network
            : IPAddress.TryParse(proxy, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : throw new FoveaException(ErrorCode.BadArgument, $"Fovea:TrustedProxies holds {proxy}; expected an address, or a network such as 10.0.0.0/8.")),
    ];

    private static bool IsOrigin(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority) == origin;
}
