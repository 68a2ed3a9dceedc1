using System.Net;
using System.Net.Sockets;

namespace Fovea.Api;

/// <summary>Who sends a request, for limits that count by caller.</summary>
internal static class Caller
{
    private const int SubnetBytes = 8;

    /// <summary>
    /// The name of the key that the request shows, else the caller's network. A key that is not known counts for nothing: a client that
    /// makes up keys is still one caller.
    /// </summary>
    public static string Of(HttpContext context, ApiKeys keys) =>
        keys.Any && keys.Find(context.Request) is { } key ? $"key {key.Name}" : Network(context.Connection.RemoteIpAddress);

    /// <summary>
    /// The network of an address: the address itself where it is IPv4, also mapped into IPv6. Of other IPv6 addresses it is the /64, since
    /// a single client commonly has that many addresses.
    /// </summary>
    public static string Network(IPAddress? address)
    {
        if (address is null)
        {
            return "unknown";
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6 || address.IsIPv4MappedToIPv6)
        {
            return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(SubnetBytes).Clear();
        return $"{new IPAddress(bytes)}/64";
    }
}
