using System.Net;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>Refuses, before the body is read, who may not use a route. Without any key the routes that write are open to a developer on the same machine alone.</summary>
internal static class KeyCheck
{
    private const string Mend = "Set a key, in the environment Fovea__ApiKeys__0=KEY, and send it as Authorization: Bearer KEY.";

    public static void UseKeyCheck(this WebApplication app)
    {
        var keys = app.Services.GetRequiredService<ApiKeys>();
        app.Use((context, next) =>
        {
            if (context.GetEndpoint()?.Metadata.GetMetadata<NeedsKey>() is { } needs && (!needs.ToClassify || keys.RequiredToClassify))
            {
                Check(context, keys, app.Environment);
            }

            return next(context);
        });
    }

    /// <summary>Why a request does not come from a developer at this machine; null where it does.</summary>
    public static string? WhyNotLocal(HttpContext context, IHostEnvironment environment) =>
        !environment.IsDevelopment() ? "this is not the Development environment"
        : context.Connection.RemoteIpAddress is not { } caller || !IsLoopback(caller) ? $"the caller is {context.Connection.RemoteIpAddress?.ToString() ?? "unknown"}, not this machine"
        : context.Request.Headers.Keys.FirstOrDefault(IsForwarding) is { } header ? $"the request was forwarded ({header})"
        : !IsLocalName(context.Request.Host.Host) ? $"the request is for the host {context.Request.Host}, not localhost"
        : context.Request.Headers.Origin is { Count: > 0 } origin && origin != $"{context.Request.Scheme}://{context.Request.Host}" ? $"the request comes from a page of {origin}"
        : null;

    private static void Check(HttpContext context, ApiKeys keys, IHostEnvironment environment)
    {
        if (!keys.Any)
        {
            if (WhyNotLocal(context, environment) is { } reason)
            {
                throw new FoveaException(ErrorCode.Forbidden, $"This route writes and no API key is set; without one it is open to a developer on the same machine only, but {reason}. {Mend}");
            }
        }
        else if (keys.Find(context.Request) is null)
        {
            throw new FoveaException(ErrorCode.Unauthorized, $"This route wants an API key, and {(context.Request.Headers.Authorization.Count == 0 ? "none was sent" : "the one that was sent is not known")}; expected the header Authorization: Bearer KEY.");
        }
    }

    private static bool IsLoopback(IPAddress address) => IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    private static bool IsLocalName(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IsLoopback(address));

    private static bool IsForwarding(string header) => header.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase) || header.StartsWith("X-Original-", StringComparison.OrdinalIgnoreCase)
        || header.Equals("Forwarded", StringComparison.OrdinalIgnoreCase) || header.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase) || header.Equals("Via", StringComparison.OrdinalIgnoreCase);
}
