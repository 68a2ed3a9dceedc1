namespace Fovea.Models.Metadata;

/// <summary>A file from which weights were read.</summary>
/// <param name="File">The file's name, without a folder.</param>
/// <param name="Sha256">The SHA-256 of the file's bytes, in hexadecimal.</param>
public sealed record WeightsSource(string File, string Sha256);
