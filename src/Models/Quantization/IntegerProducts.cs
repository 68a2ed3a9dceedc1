using System.Runtime.Intrinsics.X86;

namespace Fovea.Models.Quantization;

/// <summary>
/// Finds out how the processor multiplies 8-bit integers. x86 processors without VNNI use the instruction VPMADDUBSW, which adds two
/// products of unsigned and signed bytes in 16 bits and saturates: 255 * 127 * 2 is more than 32,767, so the result would be wrong. With
/// weights of 7 bits, -64 to 64, the sums do not saturate.
/// </summary>
public static class IntegerProducts
{
    private const int Features = 7, Avx512VnniBit = 1 << 11, AvxVnniBit = 1 << 4;

    /// <summary>
    /// Whether products of bytes are summed in 32 bits without saturation: on x86 with VNNI, and on all other processors.
    /// </summary>
    public static bool Exact { get; } = !X86Base.IsSupported || HasVnni();

    /// <summary>The most bits of weights that give correct results on this processor: 8, or 7 if sums of products may saturate.</summary>
    public static int WeightBits => Exact ? 8 : 7;

    // Leaf 7 of the instruction CPUID lists the processor's features; its sub-leaf 1 lists newer features.
    private static bool HasVnni() =>
        X86Base.CpuId(0, 0).Eax >= Features
        && ((Avx512F.IsSupported && (X86Base.CpuId(Features, 0).Ecx & Avx512VnniBit) != 0)
            || (Avx2.IsSupported && X86Base.CpuId(Features, 0).Eax >= 1 && (X86Base.CpuId(Features, 1).Eax & AvxVnniBit) != 0));
}
