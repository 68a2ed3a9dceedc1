namespace Fovea.Api;

/// <summary>A key that opens routes. The secret itself is not kept.</summary>
/// <param name="Name">What it is called in the log.</param>
/// <param name="Sha256">SHA-256 of its UTF-8 bytes.</param>
/// <param name="Scopes">What it may be used for.</param>
internal sealed record ApiKey(string Name, ReadOnlyMemory<byte> Sha256, IReadOnlySet<KeyScope> Scopes);
