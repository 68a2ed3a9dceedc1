using Fovea.Models;

namespace Fovea.Api;

/// <summary>A key as the settings hold it: <c>{"name", "sha256", "scopes"}</c>, or its secret alone, for everything.</summary>
internal sealed record KeySetting
{
    private const int HashDigits = 64;

    /// <summary>What the key is called in the log, 1 to 100 characters.</summary>
    public string? Name { get; init; }

    /// <summary>SHA-256 of the key, 64 hexadecimal digits; of the key itself nothing can be told from it.</summary>
    public string? Sha256 { get; init; }

    /// <summary>What the key may be used for, of classify, train and administer. Default: all of them.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Reads an entry of <c>Fovea:ApiKeys</c>.</summary>
    /// <exception cref="FoveaException">It is neither a secret nor a whole key.</exception>
    public static ApiKey Read(IConfigurationSection entry)
    {
        if (entry.Value is { } secret)
        {
            return secret.Length > 0 && secret.Trim() == secret
                ? new($"key {entry.Key}", ApiKeys.Hash(secret), Enum.GetValues<KeyScope>().ToHashSet())
                : throw Bad("A key of Fovea:ApiKeys is empty, or begins or ends with white space; expected a secret.");
        }

        var key = entry.Get<KeySetting>(options => options.ErrorOnUnknownConfiguration = true) ?? new();
        return key.Name is not { Length: >= 1 and <= 100 } ? throw Bad($"{entry.Path} has no name; expected a name, sha256 and scopes, as `keys new` prints them.")
            : key.Sha256?.Length != HashDigits || !key.Sha256.All(char.IsAsciiHexDigit) ? throw Bad($"The sha256 of the key {key.Name} is {key.Sha256 ?? "missing"}; expected the {HashDigits} hexadecimal digits that `keys new` prints.")
            : new(key.Name, Convert.FromHexString(key.Sha256), ScopesOf(key.Name, key.Scopes));
    }

    /// <summary>The scopes of these names; of none, all.</summary>
    /// <exception cref="FoveaException">One of them is unknown.</exception>
    public static IReadOnlySet<KeyScope> ScopesOf(string key, IReadOnlyList<string> names)
    {
        var known = Enum.GetValues<KeyScope>();
        return names.Count == 0 ? known.ToHashSet() : names.Select(name => Array.FindIndex(known, scope => NameOf(scope) == name) is >= 0 and var index
            ? known[index]
            : throw Bad($"The key {key} has the scope {name}; expected some of {string.Join(", ", known.Select(NameOf))}.")).ToHashSet();
    }

    /// <summary>What a scope is called.</summary>
    public static string NameOf(KeyScope scope) => scope.ToString().ToLowerInvariant();

    private static FoveaException Bad(string message) => new(ErrorCode.BadArgument, message);
}
