using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Fovea.Models;

/// <summary>One channel of pixels whose channels are interleaved.</summary>
internal static class Plane
{
    // Of eight pixels of three bytes, the first four lie in the first 16 bytes and the others in the last 16: where each has its first byte.
    private const byte None = 0x80;
    private static readonly Vector128<byte> FirstFour = Vector128.Create((byte)0, 3, 6, 9, None, None, None, None, None, None, None, None, None, None, None, None);
    private static readonly Vector128<byte> LastFour = Vector128.Create(None, None, None, None, 4, 7, 10, 13, None, None, None, None, None, None, None, None);

    /// <summary>The values of a channel in eight pixels.</summary>
    /// <param name="pixels">The eight pixels, of 1 or 3 bytes each.</param>
    /// <param name="channel">0, or of three channels 0 to 2.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Eight(ReadOnlySpan<byte> pixels, int channel)
    {
        ref byte first = ref MemoryMarshal.GetReference(pixels);
        var bytes = pixels.Length == 8
            ? Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref first)).AsByte()
            : Vector128.Shuffle(Vector128.LoadUnsafe(ref first), FirstFour + Vector128.Create((byte)channel)) | Vector128.Shuffle(Vector128.LoadUnsafe(ref first, 8), LastFour + Vector128.Create((byte)channel));
        var shorts = Vector128.WidenLower(bytes);
        return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts)).AsInt32());
    }
}
