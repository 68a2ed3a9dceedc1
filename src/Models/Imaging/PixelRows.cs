using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Fovea.Models.Imaging;

/// <summary>Copies decoded rows into the upright image: composes them over white, drops alpha, and applies the orientation.</summary>
internal static class PixelRows
{
    // A shuffle that moves red, green and blue of four pixels to the first 12 bytes. The last four bytes do not matter.
    private static readonly Vector128<byte> WithoutAlpha = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);

    /// <summary>
    /// Composes pixels of red, green, blue and alpha over white, in place: c a + 255 (1 - a), rounded, with a from 0 to 1. The colours are
    /// not premultiplied by alpha. Alpha itself does not change.
    /// </summary>
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

    /// <summary>Whether alpha is 0 in all pixels. A pixel has the bytes red, green, blue and alpha.</summary>
    public static bool AreClear(ReadOnlySpan<byte> rgba)
    {
        for (int i = 3; i < rgba.Length; i += 4)
        {
            if (rgba[i] != 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Copies a strip of rows to their positions in the upright image.</summary>
    /// <param name="rows">The rows: 1 byte per pixel for gray, 4 bytes for red, green, blue and alpha.</param>
    /// <param name="width">The number of pixels in each row.</param>
    /// <param name="x">The column of the rows' first pixels in the file.</param>
    /// <param name="y">The index of the first row in the file.</param>
    /// <param name="upright">The mapping of pixels to the upright image.</param>
    /// <param name="channels">The number of channels of the upright image, 1 or 3.</param>
    /// <param name="image">The whole upright image.</param>
    public static void CopyUpright(
        ReadOnlySpan<byte> rows, int width, int x, int y, Orientation upright, int channels, Span<byte> image)
    {
        int bytes = channels == 1 ? 1 : 4;
        int count = rows.Length / (width * bytes);
        int start = upright.Start + (x * upright.StepX) + (y * upright.StepY);
        if (upright.StepX == 1)
        {
            for (int row = 0; row < count; row++)
            {
                var target = image.Slice((start + (row * upright.StepY)) * channels, width * channels);
                Pack(rows.Slice(row * width * bytes, width * bytes), target);
            }

            return;
        }

        // The outer loop runs over columns: in an image on its side, the pixels of a column become neighbours in memory, and the strip's
        // rows are in the processor's cache.
        for (int column = 0; column < width; column++)
        {
            int to = (start + (column * upright.StepX)) * channels;
            for (int row = 0; row < count; row++, to += upright.StepY * channels)
            {
                rows.Slice(((row * width) + column) * bytes, channels).CopyTo(image[to..]);
            }
        }
    }

    // Copies a row and drops alpha. A row of gray pixels is copied unchanged.
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
        // Each step writes 16 bytes, of which the next step overwrites 4. A second loop copies the last pixels, without surplus bytes.
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
