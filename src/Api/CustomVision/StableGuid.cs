using System.Security.Cryptography;
using System.Text;

namespace Fovea.Api.CustomVision;

/// <summary>
/// GUIDs that are the same for the same name in the same project, in every process and on every machine: version 8 of RFC 9562, from
/// SHA-256.
/// </summary>
internal static class StableGuid
{
    private const int GuidBytes = 16, VersionByte = 6, VariantByte = 8;

    /// <summary>The GUID of a name.</summary>
    /// <param name="project">The project, within which names are unique.</param>
    /// <param name="name">The name.</param>
    public static Guid Of(Guid project, string name)
    {
        byte[] text = [.. project.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)];
        var bytes = SHA256.HashData(text).AsSpan(..GuidBytes);
        bytes[VersionByte] = (byte)((bytes[VersionByte] & 0x0F) | 0x80);
        bytes[VariantByte] = (byte)((bytes[VariantByte] & 0x3F) | 0x80);
        return new(bytes, bigEndian: true);
    }
}
