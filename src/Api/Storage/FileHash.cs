using System.Security.Cryptography;

namespace Fovea.Api.Storage;

/// <summary>Computes hashes of files, and compares files by their hashes.</summary>
internal static class FileHash
{
    /// <summary>Whether two files have the same bytes.</summary>
    public static bool AreEqual(string one, string other) => Sha256Of(one) == Sha256Of(other);

    /// <summary>Returns the SHA-256 of a file's bytes, in lower-case hexadecimal.</summary>
    public static string Sha256Of(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
