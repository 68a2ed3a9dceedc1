using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Fovea.Models.Imaging;

/// <summary>
/// Resizes images with antialiasing. With the bilinear filter, the result equals bit for bit that of Pillow, which torchvision uses: rows
/// are resized first and rounded to 8 bits, and then columns. Only the requested window of the result is computed.
/// </summary>
internal static class Resizer
{
    // Shuffles that move a colour of four pixels to the lowest bytes of four numbers of 32 bits. An index of 128 or more gives 0.
    private static readonly Vector128<byte> Reds = Vector128.Create(0xFFFFFF00u, 0xFFFFFF03, 0xFFFFFF06, 0xFFFFFF09).AsByte();
    private static readonly Vector128<byte> Greens = Vector128.Create(0xFFFFFF01u, 0xFFFFFF04, 0xFFFFFF07, 0xFFFFFF0A).AsByte();
    private static readonly Vector128<byte> Blues = Vector128.Create(0xFFFFFF02u, 0xFFFFFF05, 0xFFFFFF08, 0xFFFFFF0B).AsByte();

    /// <summary>
    /// Resizes an image to <paramref name="width"/> x <paramref name="height"/> pixels and returns a window of the result. Returns the same
    /// object if the size does not change and the window is the whole image.
    /// </summary>
    public static Pixels Resize(
        Pixels image, int width, int height, PixelRectangle window, Interpolation interpolation = Interpolation.Bilinear)
    {
        if (window == new PixelRectangle(0, 0, image.Width, image.Height) && width == image.Width && height == image.Height)
        {
            return image;
        }

        var columns = width == image.Width ? null : new Resampler(interpolation, image.Width, width, window.X, window.Width);
        var rows = height == image.Height ? null : new Resampler(interpolation, image.Height, height, window.Y, window.Height);
        var (channels, stride) = (image.Channels, window.Width * image.Channels);

        // The first row of the image that the window needs, and the row after the last one.
        int top = rows is null ? window.Y : rows.First[0];
        int bottom = rows is null ? window.Y + window.Height : rows.First[^1] + rows.Count[^1];
        byte[] result = GC.AllocateUninitializedArray<byte>(window.Height * stride);
        byte[] between = rows is null ? result : ArrayPool<byte>.Shared.Rent((bottom - top) * stride);
        for (int y = top; y < bottom; y++)
        {
            var source = image.Values.AsSpan(y * image.Width * channels, image.Width * channels);
            var target = between.AsSpan((y - top) * stride, stride);
            if (columns is null)
            {
                source.Slice(window.X * channels, stride).CopyTo(target);
            }
            else if (channels == 1)
            {
                ResizeGrayRow(source, columns, target);
            }
            else
            {
                ResizeColorRow(source, columns, target);
            }
        }

        if (rows is not null)
        {
            for (int y = 0; y < window.Height; y++)
            {
                var weights = rows.Weights.AsSpan(y * rows.Taps, rows.Count[y]);
                var source = between.AsSpan((rows.First[y] - top) * stride, weights.Length * stride);
                CombineRows(source, weights, result.AsSpan(y * stride, stride));
            }

            ArrayPool<byte>.Shared.Return(between);
        }

        return new Pixels(window.Width, window.Height, channels, result);
    }

    private static void ResizeGrayRow(ReadOnlySpan<byte> row, Resampler columns, Span<byte> target)
    {
        for (int x = 0; x < target.Length; x++)
        {
            var weights = columns.Weights.AsSpan(x * columns.Taps, columns.Count[x]);
            var values = row.Slice(columns.First[x], weights.Length);
            int sum = Resampler.Half;
            for (int k = 0; k < weights.Length; k++)
            {
                sum += weights[k] * values[k];
            }

            target[x] = (byte)Math.Clamp(sum >> Resampler.Bits, 0, byte.MaxValue);
        }
    }

    // Red, green and blue are in three of four lanes. A pixel of three bytes is written together with the byte after it, which the next
    // pixel then overwrites. The last pixel is written byte by byte, to stay within the row. The sum is clamped, because filters with
    // negative weights can exceed the range of a byte.
    private static void ResizeColorRow(ReadOnlySpan<byte> row, Resampler columns, Span<byte> target)
    {
        ref byte result = ref MemoryMarshal.GetReference(target);
        for (int x = 0; x < columns.First.Length; x++)
        {
            int start = columns.First[x] * 3, count = columns.Count[x], padded = (count + 3) / 4 * 4;
            bool byFours = Ssse3.IsSupported && padded <= columns.Taps && start + (padded * 3) + 4 <= row.Length;
            var sum = Vector128.Create(Resampler.Half) + (byFours
                ? SumByFours(row[start..], columns.Weights.AsSpan(x * columns.Taps, padded))
                : SumOneByOne(row[start..], columns.Weights.AsSpan(x * columns.Taps, count)));
            var values = Vector128.Clamp(Vector128.ShiftRightArithmetic(sum, Resampler.Bits), Vector128<int>.Zero, Vector128.Create(255));
            var shorts = Vector128.Narrow(values, default);
            uint packed = Vector128.Narrow(shorts, default).AsUInt32().ToScalar();
            if (x + 1 < columns.First.Length)
            {
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref result, x * 3), packed);
            }
            else
            {
                (target[^3], target[^2], target[^1]) = ((byte)packed, (byte)(packed >> 8), (byte)(packed >> 16));
            }
        }
    }

    // Four pixels at a time: one vector for each colour. Weights that fill the last four up are 0. Reads four bytes behind the pixels.
    private static Vector128<int> SumByFours(ReadOnlySpan<byte> pixels, ReadOnlySpan<int> weights)
    {
        ref byte first = ref MemoryMarshal.GetReference(pixels);
        Vector128<int> red = default, green = default, blue = default;
        for (int k = 0; k < weights.Length; k += 4)
        {
            Vector128<byte> four = Vector128.LoadUnsafe(ref first, (nuint)(3 * k));
            var weight = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(weights), (nuint)k);
            red += Ssse3.Shuffle(four, Reds).AsInt32() * weight;
            green += Ssse3.Shuffle(four, Greens).AsInt32() * weight;
            blue += Ssse3.Shuffle(four, Blues).AsInt32() * weight;
        }

        return Ssse3.HorizontalAdd(Ssse3.HorizontalAdd(red, green), Ssse3.HorizontalAdd(blue, default));
    }

    // A pixel of three bytes is read together with the byte after it. The last pixel of a row is read byte by byte, to stay within the row.
    private static Vector128<int> SumOneByOne(ReadOnlySpan<byte> pixels, ReadOnlySpan<int> weights)
    {
        var sum = Vector128<int>.Zero;
        for (int k = 0; k < weights.Length; k++)
        {
            var pixel = pixels[(3 * k)..];
            uint bytes = pixel.Length > 3
                ? Unsafe.ReadUnaligned<uint>(ref MemoryMarshal.GetReference(pixel))
                : pixel[0] | ((uint)pixel[1] << 8) | ((uint)pixel[2] << 16);
            sum += Widen(bytes) * weights[k];
        }

        return sum;
    }

    private static Vector128<int> Widen(uint bytes) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(bytes).AsByte())).AsInt32();

    // The weighted sum of consecutive rows, one row per weight. Eight values are computed at a time, and the rest one by one.
    private static void CombineRows(ReadOnlySpan<byte> rows, ReadOnlySpan<int> weights, Span<byte> target)
    {
        int stride = target.Length, x = 0;
        ref byte source = ref MemoryMarshal.GetReference(rows);
        for (; x + 8 <= stride; x += 8)
        {
            var sum = Vector256.Create(Resampler.Half);
            ref byte values = ref Unsafe.Add(ref source, x);
            foreach (int weight in weights)
            {
                var wide = Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref values)).AsByte());
                sum += Vector256.Create(Vector128.WidenLower(wide), Vector128.WidenUpper(wide)).AsInt32() * weight;
                values = ref Unsafe.Add(ref values, stride);
            }

            var clamped = Vector256.Clamp(Vector256.ShiftRightArithmetic(sum, Resampler.Bits), Vector256<int>.Zero, Vector256.Create(255));
            var narrow = clamped.AsUInt32();
            var shorts = Vector128.Narrow(narrow.GetLower(), narrow.GetUpper());
            Unsafe.WriteUnaligned(ref target[x], Vector128.Narrow(shorts, shorts).AsUInt64().ToScalar());
        }

        for (; x < stride; x++)
        {
            int sum = Resampler.Half;
            for (int k = 0; k < weights.Length; k++)
            {
                sum += weights[k] * rows[(k * stride) + x];
            }

            target[x] = (byte)Math.Clamp(sum >> Resampler.Bits, 0, byte.MaxValue);
        }
    }
}
