using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Fovea.Models.Imaging;

/// <summary>Extracts one channel from pixels whose channels are interleaved.</summary>
internal static class Plane
{
    // Eight pixels of three bytes are 24 bytes. The first four pixels are in the first 16 bytes, the last four in the last 16 bytes. These
    // shuffles select the first channel of each pixel; adding 1 or 2 to the indices selects another channel. An index with the highest bit
    // set, such as None, gives 0.
    private const byte None = 0x80;

    private static readonly Vector128<byte>
        FirstFour = Vector128.Create((byte)0, 3, 6, 9, None, None, None, None, None, None, None, None, None, None, None, None),
        LastFour = Vector128.Create(None, None, None, None, 4, 7, 10, 13, None, None, None, None, None, None, None, None);

    /// <summary>The values of a channel in eight pixels, 0 to 255.</summary>
    /// <param name="pixels">The eight pixels, 8 bytes for one channel or 24 bytes for three.</param>
    /// <param name="channel">The channel's index, 0 to 2; 0 for one channel.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadEight(ReadOnlySpan<byte> pixels, int channel)
    {
        ref byte first = ref MemoryMarshal.GetReference(pixels);
        var offset = Vector128.Create((byte)channel);
        var bytes = pixels.Length == 8
            ? Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref first)).AsByte()
            : Vector128.Shuffle(Vector128.LoadUnsafe(ref first), FirstFour + offset)
                | Vector128.Shuffle(Vector128.LoadUnsafe(ref first, 8), LastFour + offset);
        var shorts = Vector128.WidenLower(bytes);
        return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts)).AsInt32());
    }
}
