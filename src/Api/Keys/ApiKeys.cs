using System.Security.Cryptography;
using System.Text;
using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Models.Errors;
using Microsoft.Net.Http.Headers;

namespace Fovea.Api.Keys;

/// <summary>
/// The API keys from two settings under <c>Fovea</c>: the list <c>ApiKeys</c>; and <c>RequireKeyToClassify</c>, which is true if
/// classifying needs a key too (default false).
/// </summary>
internal sealed class ApiKeys
{
    private const string Scheme = "Bearer ", PredictionKey = "Prediction-Key";

    private readonly IReadOnlyList<ApiKey> keys;

    private ApiKeys(IReadOnlyList<ApiKey> keys, bool requiredToClassify) =>
        (this.keys, RequiredToClassify) = (keys, requiredToClassify);

    /// <summary>Whether the settings have at least one key.</summary>
    public bool Any => keys.Count > 0;

    /// <summary>Whether routes that classify need a key.</summary>
    public bool RequiredToClassify { get; }

    /// <summary>Reads the keys from the settings.</summary>
    /// <exception cref="RefusalException">
    /// A key is empty or incomplete, two keys have the same name, or <c>RequireKeyToClassify</c> is true and there is no key.
    /// </exception>
    public static ApiKeys Read(IConfiguration configuration)
    {
        var given = Settings.Bind<KeySettings>(configuration);
        var keys = configuration.GetSection("Fovea:ApiKeys").GetChildren()
            .Where(key => !key.Key.EndsWith(SecretFiles.Suffix, StringComparison.OrdinalIgnoreCase)).Select(KeySetting.Read).ToArray();
        if (keys.CountBy(key => key.Name).FirstOrDefault(named => named.Value > 1).Key is { } twice)
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"Fovea:ApiKeys has two keys named {twice}; expected a different name for each key, because the log shows the names.");
        }

        return given.RequireKeyToClassify && keys.Length == 0
            ? throw new FoveaException(
                ErrorCode.BadArgument,
                "Fovea:RequireKeyToClassify is true, but Fovea:ApiKeys has no key; expected at least one, such as the environment "
                    + "variable Fovea__ApiKeys__0=KEY.")
            : new(keys, given.RequireKeyToClassify);
    }

    /// <summary>The header in which a request shows a key: Authorization; on the routes of Custom Vision also Prediction-Key.</summary>
    public static string HeaderOf(HttpRequest request) =>
        request.Headers.Authorization.Count == 0 && request.Path.StartsWithSegments(CustomVisionError.Root)
            ? PredictionKey
            : HeaderNames.Authorization;

    /// <summary>Returns the known key in the header of a request; null if the header is missing or its key is unknown.</summary>
    public ApiKey? Find(HttpRequest request)
    {
        var (header, value) = (HeaderOf(request), request.Headers[HeaderOf(request)].ToString());
        if (header != PredictionKey && !value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var shown = Hash((header == PredictionKey ? value : value[Scheme.Length..]).Trim());
        ApiKey? found = null;
        foreach (var key in keys)
        {
            // The loop compares all keys, each to its last byte, so that the response time reveals nothing about the keys.
            found = CryptographicOperations.FixedTimeEquals(key.Sha256.Span, shown) ? key : found;
        }

        return found;
    }

    /// <summary>Returns the SHA-256 of a key's UTF-8 bytes.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
