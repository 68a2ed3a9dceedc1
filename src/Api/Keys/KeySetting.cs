using Fovea.Models.Errors;

namespace Fovea.Api.Keys;

/// <summary>
/// An API key in the settings: an object <c>{"name", "sha256", "scopes"}</c>, or the secret as a text, which then has all scopes.
/// </summary>
internal sealed record KeySetting
{
    private const int HashDigits = 64;

    /// <summary>The key's name in the log, 1 to 100 characters.</summary>
    public string? Name { get; init; }

    /// <summary>SHA-256 of the key, 64 hexadecimal digits. The key cannot be computed from it.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The key's scopes: some of classify, train and administer. Default: all of them.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Reads an entry of <c>Fovea:ApiKeys</c>.</summary>
    /// <exception cref="RefusalException">The entry is empty or incomplete, or has an unknown scope.</exception>
    public static ApiKey Read(IConfigurationSection entry)
    {
        if (entry.Value is { } secret)
        {
            return secret.Length > 0 && secret.Trim() == secret
                ? new($"key {entry.Key}", ApiKeys.Hash(secret), Enum.GetValues<KeyScope>().ToHashSet())
                : throw Bad("A key of Fovea:ApiKeys is empty, or begins or ends with white space; expected a secret.");
        }

        var known = typeof(KeySetting).GetProperties().Select(property => property.Name);
        if (entry.GetChildren().FirstOrDefault(child => !known.Contains(child.Key, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw Bad($"{unknown.Path} is unknown; expected a name, sha256 and scopes, as `keys new` prints them.");
        }

        var key = entry.Get<KeySetting>() ?? new();
        return key.Name is not { Length: >= 1 and <= 100 }
            ? throw Bad($"{entry.Path} has no name of 1 to 100 characters; expected a name, sha256 and scopes, as `keys new` prints them.")
            : key.Sha256?.Length != HashDigits || !key.Sha256.All(char.IsAsciiHexDigit)
            ? throw Bad(
                $"The sha256 of the key {key.Name} is {key.Sha256 ?? "missing"}; expected the {HashDigits} hexadecimal digits that "
                    + "`keys new` prints.")
            : new(key.Name, Convert.FromHexString(key.Sha256), ScopesOf(key.Name, key.Scopes));
    }

    /// <summary>Returns the scopes with these names; all scopes if there are no names.</summary>
    /// <param name="key">The name of the key, for the message.</param>
    /// <param name="names">The names of scopes.</param>
    /// <exception cref="RefusalException">A name is not the name of a scope.</exception>
    public static IReadOnlySet<KeyScope> ScopesOf(string key, IReadOnlyList<string> names)
    {
        var known = Enum.GetValues<KeyScope>();
        return names.Count == 0 ? known.ToHashSet() : names.Select(Find).ToHashSet();

        KeyScope Find(string name) => Array.FindIndex(known, scope => NameOf(scope) == name) is >= 0 and var index
            ? known[index]
            : throw Bad($"The key {key} has the scope {name}; expected some of {string.Join(", ", known.Select(NameOf))}.");
    }

    /// <summary>Returns the name of a scope in settings and messages.</summary>
    public static string NameOf(KeyScope scope) => scope.ToString().ToLowerInvariant();

    private static FoveaException Bad(string message) => new(ErrorCode.BadArgument, message);
}
