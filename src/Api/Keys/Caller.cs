using System.Net;
using System.Net.Sockets;

namespace Fovea.Api.Keys;

/// <summary>Identifies the caller of a request, for limits per caller.</summary>
internal static class Caller
{
    private const int SubnetBytes = 8;

    /// <summary>
    /// Returns the name of the request's API key; without a known key, the caller's network. An unknown key is ignored, so a client that
    /// invents keys still counts as one caller.
    /// </summary>
    public static string Of(HttpContext context, ApiKeys keys) =>
        keys.Any && keys.Find(context.Request) is { } key ? $"key {key.Name}" : Network(context.Connection.RemoteIpAddress);

    /// <summary>
    /// Returns the network of an address as text. For IPv4, also if mapped into IPv6, this is the address itself. For IPv6 it is the
    /// network of 64 bits, because one client commonly has all addresses of such a network.
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
