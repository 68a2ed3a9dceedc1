using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Fovea.Models;

/// <summary>The formats that are decoded, told by a file's first bytes alone.</summary>
public static class ImageFormat
{
    /// <summary>Their names.</summary>
    public static readonly ImmutableArray<string> All = ["JPEG", "PNG", "WebP", "BMP", "GIF"];

    /// <summary>The same for messages.</summary>
    public const string Known = "JPEG, PNG, WebP, BMP or GIF";

    /// <summary>The format's name, or null where the bytes begin like none of them.</summary>
    public static string? Of(ReadOnlySpan<byte> file) => file switch
    {
        [0xFF, 0xD8, 0xFF, ..] => "JPEG",
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => "PNG",
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => "GIF",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "WebP",
        [(byte)'B', (byte)'M', ..] when IsBitmap(file) => "BMP",
        _ => null,
    };

    // "BM" opens many a text too; the length of the header behind it, which is one of a few, does not.
    private static bool IsBitmap(ReadOnlySpan<byte> file) =>
        file.Length >= 18 && BinaryPrimitives.ReadUInt32LittleEndian(file[14..]) is 12 or 16 or 40 or 52 or 56 or 64 or 108 or 124;
}
