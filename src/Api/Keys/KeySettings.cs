namespace Fovea.Api.Keys;

/// <summary>The settings of API keys, under <c>Fovea</c>.</summary>
internal sealed record KeySettings
{
    /// <summary>
    /// The keys: each a secret, which then has all scopes, or an object of <c>name</c>, <c>sha256</c> and <c>scopes</c> (some of classify,
    /// train and administer), as <c>keys new</c> prints it. With keys, the routes that write need one.
    /// </summary>
    public IReadOnlyList<KeySetting> ApiKeys { get; init; } = [];

    /// <summary>Whether the routes that classify need a key too.</summary>
    public bool RequireKeyToClassify { get; init; }
}
