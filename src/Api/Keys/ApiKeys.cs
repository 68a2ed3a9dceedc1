using System.Security.Cryptography;
using System.Text;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>The keys of the settings, under <c>Fovea</c>: <c>ApiKeys</c>, a list, and <c>RequireKeyToClassify</c>, whether classifying wants one too (default false).</summary>
internal sealed class ApiKeys
{
    private const string Scheme = "Bearer ";

    private readonly IReadOnlyList<ApiKey> keys;

    private ApiKeys(IReadOnlyList<ApiKey> keys, bool requiredToClassify) => (this.keys, RequiredToClassify) = (keys, requiredToClassify);

    /// <summary>Whether there is a key at all.</summary>
    public bool Any => keys.Count > 0;

    /// <summary>Whether routes that classify want a key.</summary>
    public bool RequiredToClassify { get; }

    /// <summary>Reads the keys.</summary>
    /// <exception cref="FoveaException">One is empty or incomplete, two have one name, or none is there where one is required.</exception>
    public static ApiKeys Read(IConfiguration configuration)
    {
        var given = Settings.Bind<Given>(configuration);
        if (configuration["Fovea:ApiKeys"] is { Length: > 0 })
        {
            throw new FoveaException(ErrorCode.BadArgument, "Fovea:ApiKeys is a text; expected a list, in the environment Fovea__ApiKeys__0=KEY.");
        }

        var keys = Settings.Reading(() => configuration.GetSection("Fovea:ApiKeys").GetChildren().Select(KeySetting.Read).ToArray());
        if (keys.CountBy(key => key.Name).FirstOrDefault(named => named.Value > 1).Key is { } twice)
        {
            throw new FoveaException(ErrorCode.BadArgument, $"Fovea:ApiKeys has two keys named {twice}; expected a name for each, since the log tells them apart by it.");
        }

        return given.RequireKeyToClassify && keys.Length == 0
            ? throw new FoveaException(ErrorCode.BadArgument, "Fovea:RequireKeyToClassify is true, but Fovea:ApiKeys has no key; expected at least one, in the environment Fovea__ApiKeys__0=KEY.")
            : new(keys, given.RequireKeyToClassify);
    }

    /// <summary>The key that a request shows; null where it shows none, or one that is not known.</summary>
    public ApiKey? Find(HttpRequest request)
    {
        var authorization = request.Headers.Authorization.ToString();
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var shown = Hash(authorization[Scheme.Length..].Trim());
        ApiKey? found = null;
        foreach (var key in keys)
        {
            // Every key is compared, to its last byte, so that the time taken tells nothing.
            found = CryptographicOperations.FixedTimeEquals(key.Sha256.Span, shown) ? key : found;
        }

        return found;
    }

    /// <summary>SHA-256 of a key's UTF-8 bytes.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private sealed record Given
    {
        public bool RequireKeyToClassify { get; init; }
    }
}
