using System.Runtime.Intrinsics.X86;

namespace Fovea.Models.Quantization;

/// <summary>
/// What the processor has for products of 8-bit integers. Without VNNI, x86 processors multiply by VPMADDUBSW, which adds two products of
/// unsigned and signed bytes into 16 bits and saturates: 255 * 127 * 2 is more than 32,767, and the answer would be wrong. Weights of 7
/// bits, -64 to 64, cannot saturate.
/// </summary>
public static class IntegerProducts
{
    private const int Features = 7, Avx512VnniBit = 1 << 11, AvxVnniBit = 1 << 4;

    /// <summary>Whether products of bytes are added into 32 bits at once: x86 with VNNI, and all processors that are not x86.</summary>
    public static bool Exact { get; } = !X86Base.IsSupported || HasVnni();

    /// <summary>The bits of weights that are right on this processor: 8, or 7 where products may saturate.</summary>
    public static int WeightBits => Exact ? 8 : 7;

    // Leaf 7 of CPUID lists the features; its sub-leaf 1, those that came later.
    private static bool HasVnni() =>
        X86Base.CpuId(0, 0).Eax >= Features
        && ((Avx512F.IsSupported && (X86Base.CpuId(Features, 0).Ecx & Avx512VnniBit) != 0)
            || (Avx2.IsSupported && X86Base.CpuId(Features, 0).Eax >= 1 && (X86Base.CpuId(Features, 1).Eax & AvxVnniBit) != 0));
}
