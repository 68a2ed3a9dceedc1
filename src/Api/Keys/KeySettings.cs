namespace Fovea.Api.Keys;

/// <summary>The settings of API keys, under <c>Fovea</c>.</summary>
internal sealed record KeySettings
{
    /// <summary>
    /// The API keys. Each is a secret, which then has all scopes, or an object with <c>name</c>, <c>sha256</c> and <c>scopes</c> (some of
    /// classify, train and administer), as <c>keys new</c> prints it. If there are keys, the routes that change data or return private data
    /// need one.
    /// </summary>
    public IReadOnlyList<KeySetting> ApiKeys { get; init; } = [];

    /// <summary>Whether the routes that classify need a key too.</summary>
    public bool RequireKeyToClassify { get; init; }
}
