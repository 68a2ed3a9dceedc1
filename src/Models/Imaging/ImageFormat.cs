using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Fovea.Models;

/// <summary>The image formats that can be decoded. A file's format is detected from its first bytes.</summary>
public static class ImageFormat
{
    /// <summary>The names of the formats.</summary>
    public static readonly ImmutableArray<string> All = ["JPEG", "PNG", "WebP", "BMP", "GIF"];

    /// <summary>The names of the formats, as one text for messages.</summary>
    public const string Known = "JPEG, PNG, WebP, BMP or GIF";

    /// <summary>The name of a file's format; <c>null</c> if the first bytes are those of no known format.</summary>
    public static string? Of(ReadOnlySpan<byte> file) => file switch
    {
        [0xFF, 0xD8, 0xFF, ..] => "JPEG",
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => "PNG",
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => "GIF",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "WebP",
        [(byte)'B', (byte)'M', ..] when IsBitmap(file) => "BMP",
        _ => null,
    };

    // A text may also begin with "BM". In a BMP, the length of the header follows at byte 14, and the versions of the format have these
    // lengths.
    private static bool IsBitmap(ReadOnlySpan<byte> file) =>
        file.Length >= 18 && BinaryPrimitives.ReadUInt32LittleEndian(file[14..]) is 12 or 16 or 40 or 52 or 56 or 64 or 108 or 124;
}
