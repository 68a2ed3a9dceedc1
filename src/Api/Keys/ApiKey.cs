namespace Fovea.Api.Keys;

/// <summary>An API key. The service keeps only the hash of its secret.</summary>
/// <param name="Name">The key's name in the log.</param>
/// <param name="Sha256">SHA-256 of the UTF-8 bytes of the secret.</param>
/// <param name="Scopes">The groups of routes that the key opens.</param>
internal sealed record ApiKey(string Name, ReadOnlyMemory<byte> Sha256, IReadOnlySet<KeyScope> Scopes);
