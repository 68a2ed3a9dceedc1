using Fovea.Models.Errors;

namespace Fovea.Api.Hosting;

/// <summary>
/// Adds the addresses for gRPC to the addresses of the service: the same hosts with the same TLS, but the port for gRPC.
/// </summary>
internal static class GrpcAddresses
{
    private const string Endpoints = "Kestrel:Endpoints";

    private static readonly string[] AnyHost = ["+", "*", "0.0.0.0", "[::]"];

    /// <summary>
    /// Adds the addresses. Kestrel takes its addresses either from the section Kestrel of the configuration, or from a list of URLs.
    /// </summary>
    /// <param name="builder">The service. Its own addresses are set already.</param>
    /// <param name="port">The port for gRPC.</param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadArgument"/>: the service itself uses the port, or no address of the service has a host.
    /// </exception>
    public static void AddGrpcAddresses(this WebApplicationBuilder builder, int port)
    {
        var configuration = builder.Configuration;
        var endpoints = configuration.GetSection(Endpoints).GetChildren().Where(endpoint => endpoint["Url"] is not null).ToArray();
        if (endpoints.Length > 0)
        {
            foreach (var url in Beside(endpoints.Select(endpoint => endpoint["Url"]!), port))
            {
                AddEndpoint(configuration, endpoints.First(endpoint => IsBeside(endpoint["Url"]!, url)), url);
            }

            return;
        }

        string[] urls = configuration["urls"] is { Length: > 0 } list
            ? list.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : [.. OnAnyHost("http"), .. OnAnyHost("https")];
        configuration["http_ports"] = configuration["https_ports"] = null;
        builder.WebHost.UseUrls([.. urls, .. Beside(urls, port)]);

        IEnumerable<string> OnAnyHost(string scheme) =>
            (configuration[$"{scheme}_ports"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(own => $"{scheme}://*:{own}");
    }

    /// <summary>
    /// Returns the addresses for gRPC, one for each host. An address has TLS if an address of the service on the same host has TLS.
    /// </summary>
    /// <param name="urls">The addresses of the service.</param>
    /// <param name="port">The port for gRPC.</param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadArgument"/>: the service itself uses the port, or no address of the service has a host.
    /// </exception>
    public static IReadOnlyList<string> Beside(IEnumerable<string> urls, int port)
    {
        var addresses = urls.Select(BindingAddress.Parse).Where(address => !address.IsUnixPipe && !address.IsNamedPipe).ToArray();
        if (addresses.FirstOrDefault(address => address.Port == port) is { } taken)
        {
            throw new FoveaException(
                ErrorCode.BadArgument, $"Fovea:GrpcPort is {port}, which {taken} uses; expected a port that only gRPC uses.");
        }

        var hosts = addresses.GroupBy(address => AnyHost.Contains(address.Host) ? AnyHost[0] : address.Host).ToArray();

        // An address for all hosts includes the other hosts, so it is enough.
        var chosen = hosts.FirstOrDefault(host => host.Key == AnyHost[0]) is { } any ? [any] : hosts;
        return chosen.Length > 0
            ? [.. chosen.Select(host => host.OrderByDescending(address => IsHttps(address.Scheme)).First())
                .Select(address => $"{address.Scheme}://{address.Host}:{port}")]
            : throw new FoveaException(
                ErrorCode.BadArgument,
                $"Fovea:GrpcPort is {port}, but no address of the service has a host; expected an address such as http://*:8080, or the "
                    + "port 0 for no gRPC.");
    }

    private static bool IsHttps(string scheme) => scheme.Equals("https", StringComparison.OrdinalIgnoreCase);

    private static bool IsBeside(string url, string grpc) =>
        BindingAddress.Parse(url) is var own && BindingAddress.Parse(grpc) is var its
        && (own.Scheme, own.Host) == (its.Scheme, its.Host);

    // Copies an endpoint of the configuration with its certificate and its other settings.
    private static void AddEndpoint(ConfigurationManager configuration, IConfigurationSection endpoint, string url)
    {
        var name = $"{Endpoints}:{endpoint.Key}Grpc";
        foreach (var (key, value) in endpoint.AsEnumerable(makePathsRelative: true).ToArray())
        {
            configuration[$"{name}:{key}"] = value;
        }

        configuration[$"{name}:Url"] = url;
        configuration[$"{name}:Protocols"] = "Http2";
    }
}
