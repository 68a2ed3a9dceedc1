using System.Net;
using Fovea.Api.Problems;
using Microsoft.Net.Http.Headers;

namespace Fovea.Api.Keys;

/// <summary>
/// Refuses callers that may not use a route, before the request's body is read. If no key is configured, the routes that change data
/// or return private data are open only to callers on the same machine, and only in the Development environment.
/// </summary>
internal static class KeyCheck
{
    private const string Mend =
        "Configure a key, for example with the environment variable Fovea__ApiKeys__0=KEY, and send it as Authorization: Bearer KEY.";

    private static readonly string[] ForwardingStarts =
        ["X-Original-", "X-Real-", "X-Client-", "X-Remote-", "X-Proxy", "X-Envoy-", "X-Azure-", "CF-", "CDN-"];
    private static readonly string[] ForwardingEnds = ["-IP", "-IPv6", "ClientIP", "SocketIP", "RemoteIP", "-Address", "-Addr"];

    public static void UseKeyCheck(this WebApplication app)
    {
        var keys = app.Services.GetRequiredService<ApiKeys>();
        app.Use((context, next) =>
        {
            if (context.GetEndpoint()?.Metadata.GetMetadata<NeedsKey>() is { } needs
                && (needs.Scope != KeyScope.Classify || keys.RequiredToClassify))
            {
                Check(context, keys, needs.Scope, app.Environment);
            }
            else if (context.GetEndpoint()?.Metadata.GetMetadata<RefusesUnknownKey>() is not null
                && keys.Any && context.Request.Headers.Authorization.Count > 0)
            {
                _ = keys.Find(context.Request) ?? throw Unauthorized(context);
            }

            return next(context);
        });
    }

    /// <summary>
    /// Returns the reason why a request does not count as sent by a developer on this machine; null if it does count.
    /// </summary>
    public static string? WhyNotLocal(HttpContext context, IHostEnvironment environment) =>
        !environment.IsDevelopment() ? "this is not the Development environment"
        : context.Connection.RemoteIpAddress is not { } caller || !IsLoopback(caller)
            ? $"the caller is {context.Connection.RemoteIpAddress?.ToString() ?? "unknown"}, not this machine"
        : context.Request.Headers.Keys.FirstOrDefault(IsForwarding) is { } header ? $"the request was forwarded ({header})"
        : context.Request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site.ToString() is not ("same-origin" or "none")
                ? $"the request comes from a page of another site (Sec-Fetch-Site: {site})"
        : !IsLocalName(context.Request.Host.Host) ? $"the request is for the host {context.Request.Host}, not localhost"
        : context.Request.Headers.Origin is { Count: > 0 } origin && origin != $"{context.Request.Scheme}://{context.Request.Host}"
            ? $"the request comes from a page of {origin}"
        : null;

    // Throws unless the request's key opens the route, or a developer on this machine sent the request.
    private static void Check(HttpContext context, ApiKeys keys, KeyScope scope, IHostEnvironment environment)
    {
        if (!keys.Any)
        {
            if (WhyNotLocal(context, environment) is { } reason)
            {
                throw new ServiceException(
                    ServiceError.Forbidden,
                    $"This route {(HttpMethods.IsGet(context.Request.Method) ? "returns private data" : "changes data")}, and no API key "
                        + $"is configured. Without a key only a developer on the same machine may use it, but {reason}. {Mend}");
            }

            return;
        }

        var key = keys.Find(context.Request) ?? throw Unauthorized(context);
        if (!key.Scopes.Contains(scope))
        {
            throw new ServiceException(
                ServiceError.Forbidden,
                $"The key {key.Name} has the scopes {string.Join(", ", key.Scopes.Order().Select(KeySetting.NameOf))}; expected a key "
                    + $"with the scope {KeySetting.NameOf(scope)}, which this route needs.");
        }
    }

    private static ServiceException Unauthorized(HttpContext context)
    {
        var header = ApiKeys.HeaderOf(context.Request);
        return new(
            ServiceError.Unauthorized,
            $"This route {(context.GetEndpoint()!.Metadata.GetMetadata<NeedsKey>() is null ? "takes" : "needs")} an API key, and the "
                + $"request has {(context.Request.Headers[header].Count == 0 ? "none" : "an unknown one")}; expected the header {header}: "
                + $"{(header == HeaderNames.Authorization ? "Bearer KEY" : "KEY")}.");
    }

    private static bool IsLoopback(IPAddress address) =>
        IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    private static bool IsLocalName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IsLoopback(address));

    // Whether a header shows that a proxy or a content delivery network forwarded the request. These programs use many headers:
    // X-Forwarded-For, Forwarded, X-Original-For, X-Real-IP, True-Client-IP, CF-Connecting-IPv6, X-Azure-ClientIP, X-Envoy-External-Address
    // ... The test is deliberately broad: if it mistakes another header for one of these, the developer only has to use a key.
    private static bool IsForwarding(string header) =>
        header.Contains("Forwarded", StringComparison.OrdinalIgnoreCase)
        || header.Equals("Via", StringComparison.OrdinalIgnoreCase)
        || ForwardingStarts.Any(start => header.StartsWith(start, StringComparison.OrdinalIgnoreCase))
        || ForwardingEnds.Any(end => header.EndsWith(end, StringComparison.OrdinalIgnoreCase));
}
