using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Fovea.Models;

/// <summary>Moves decoded rows into the upright image: alpha on white, four bytes a pixel to three, turned as the file asks.</summary>
internal static class PixelRows
{
    // Keeps red, green and blue of four pixels; the last four lanes are free.
    private static readonly Vector128<byte> WithoutAlpha = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);

    /// <summary>Lays red, green, blue, alpha (not multiplied by it) over white, in place: c a + 255 (1 - a).</summary>
    public static void ComposeOverWhite(Span<byte> rgba)
    {
        for (int i = 0; i + 3 < rgba.Length; i += 4)
        {
            int alpha = rgba[i + 3];
            if (alpha == 255)
            {
                continue;
            }

            for (int c = i; c < i + 3; c++)
            {
                rgba[c] = (byte)(((rgba[c] * alpha) + (255 * (255 - alpha)) + 127) / 255);
            }
        }
    }

    /// <summary>Copies a strip of rows to where <paramref name="upright"/> has them.</summary>
    /// <param name="rows">Rows of grey (1 byte a pixel) or of red, green, blue, alpha (4 bytes).</param>
    /// <param name="width">Pixels in each of them.</param>
    /// <param name="y">The first one's place in the file.</param>
    /// <param name="upright">Where pixels go.</param>
    /// <param name="channels">1 or 3, of the image.</param>
    /// <param name="image">The whole upright image.</param>
    public static void Place(ReadOnlySpan<byte> rows, int width, int y, Orientation upright, int channels, Span<byte> image)
    {
        int bytes = channels == 1 ? 1 : 4;
        int count = rows.Length / (width * bytes);
        int start = upright.Start + (y * upright.StepY);
        if (upright.StepX == 1)
        {
            for (int row = 0; row < count; row++)
            {
                Pack(rows.Slice(row * width * bytes, width * bytes), image.Slice((start + (row * upright.StepY)) * channels, width * channels));
            }

            return;
        }

        // Columns outside: in a turned image the pixels of a column are neighbours, and the strip's rows are in the cache.
        for (int x = 0; x < width; x++)
        {
            int to = (start + (x * upright.StepX)) * channels;
            for (int row = 0; row < count; row++, to += upright.StepY * channels)
            {
                rows.Slice(((row * width) + x) * bytes, channels).CopyTo(image[to..]);
            }
        }
    }

    private static void Pack(ReadOnlySpan<byte> row, Span<byte> packed)
    {
        if (row.Length == packed.Length)
        {
            row.CopyTo(packed);
            return;
        }

        int from = 0, to = 0;
        ref byte source = ref MemoryMarshal.GetReference(row);
        ref byte target = ref MemoryMarshal.GetReference(packed);
        // 16 bytes are written for 12 that count, so the last pixels are left to the loop below.
        for (; to + 16 <= packed.Length; from += 16, to += 12)
        {
            Vector128.Shuffle(Vector128.LoadUnsafe(ref source, (nuint)from), WithoutAlpha).StoreUnsafe(ref target, (nuint)to);
        }

        for (; to < packed.Length; from += 4, to += 3)
        {
            row.Slice(from, 3).CopyTo(packed[to..]);
        }
    }
}
