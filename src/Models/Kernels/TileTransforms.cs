using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Fovea.Models.Kernels;

// The matrices of F(4x4, 3x3), for the points 0, 1, -1, 2 and -2:
//
//      |  4  0 -5  0  1  0 |        |  1/4     0    0  |
//      |  0 -4 -4  1  1  0 |        | -1/6  -1/6  -1/6 |        | 1  1  1  1  1  0 |
// B' = |  0  4 -4 -1  1  0 |    G = | -1/6   1/6  -1/6 |   A' = | 0  1 -1  2 -2  0 |
//      |  0 -2 -1  2  1  0 |        | 1/24  1/12   1/6 |        | 0  1  1  4  4  0 |
//      |  0  2 -1 -2  1  0 |        | 1/24 -1/12   1/6 |        | 0  1 -1  8 -8  1 |
//      |  0  4  0 -5  0  1 |        |   0     0     1  |

/// <summary>The products of Winograd's matrices with columns of vectors: each vector holds the same element of eight channels.</summary>
internal static unsafe class TileTransforms
{
    /// <summary>The number of channels that are transformed at a time.</summary>
    public const int Lanes = 8;

    /// <summary>Whether this processor has the instructions that the transforms use.</summary>
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    /// <summary>Multiplies B' by six vectors.</summary>
    /// <param name="from">The first vector.</param>
    /// <param name="step">The distance between the vectors in floats.</param>
    /// <param name="to">Receives the first of the six products.</param>
    /// <param name="stride">The distance between the products in floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(float* from, nint step, float* to, nint stride)
    {
        Vector256<float> d0 = Vector256.Load(from), d1 = Vector256.Load(from + step), d2 = Vector256.Load(from + (2 * step));
        Vector256<float> d3 = Vector256.Load(from + (3 * step)), d4 = Vector256.Load(from + (4 * step));
        var d5 = Vector256.Load(from + (5 * step));
        Vector256<float> four = Vector256.Create(4f), minusFour = Vector256.Create(-4f), minusFive = Vector256.Create(-5f);
        Vector256<float> a = Fma.MultiplyAdd(minusFour, d2, d4), b = Fma.MultiplyAdd(minusFour, d1, d3);
        Vector256<float> c = d4 - d2, e = d3 - d1;
        e += e;
        Fma.MultiplyAdd(four, d0, Fma.MultiplyAdd(minusFive, d2, d4)).Store(to);
        (a + b).Store(to + stride);
        (a - b).Store(to + (2 * stride));
        (c + e).Store(to + (3 * stride));
        (c - e).Store(to + (4 * stride));
        Fma.MultiplyAdd(four, d1, Fma.MultiplyAdd(minusFive, d3, d5)).Store(to + (5 * stride));
    }

    /// <summary>Multiplies A' by six vectors, which gives four, and adds a vector to each.</summary>
    /// <param name="from">The first vector.</param>
    /// <param name="step">The distance between the vectors in floats.</param>
    /// <param name="to">Receives the first of the four products.</param>
    /// <param name="stride">The distance between the products in floats.</param>
    /// <param name="addend">The vector that is added to each product.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output(float* from, nint step, float* to, nint stride, Vector256<float> addend)
    {
        Vector256<float> m1 = Vector256.Load(from + step), m2 = Vector256.Load(from + (2 * step));
        Vector256<float> m3 = Vector256.Load(from + (3 * step)), m4 = Vector256.Load(from + (4 * step));
        Vector256<float> s = m1 + m2 + addend, d = m1 - m2 + addend, t = m3 + m4, u = m3 - m4;
        (Vector256.Load(from) + s + t).Store(to);
        Fma.MultiplyAdd(Vector256.Create(2f), u, d).Store(to + stride);
        Fma.MultiplyAdd(Vector256.Create(4f), t, s).Store(to + (2 * stride));
        (Fma.MultiplyAdd(Vector256.Create(8f), u, d) + Vector256.Load(from + (5 * step))).Store(to + (3 * stride));
    }

    /// <summary>Multiplies G by three vectors, which gives six.</summary>
    /// <param name="from">The first vector.</param>
    /// <param name="step">The distance between the vectors in floats.</param>
    /// <param name="to">Receives the first of the six products.</param>
    /// <param name="stride">The distance between the products in floats.</param>
    public static void Weights(float* from, nint step, float* to, nint stride)
    {
        Vector256<float> w0 = Vector256.Load(from), w1 = Vector256.Load(from + step), w2 = Vector256.Load(from + (2 * step));
        Vector256<float> ends = (w0 + w2) * (-1f / 6), middle = w1 * (-1f / 6);
        Vector256<float> far = (w0 * (1f / 24)) + (w2 * (1f / 6)), between = w1 * (1f / 12);
        (w0 * 0.25f).Store(to);
        (ends + middle).Store(to + stride);
        (ends - middle).Store(to + (2 * stride));
        (far + between).Store(to + (3 * stride));
        (far - between).Store(to + (4 * stride));
        w2.Store(to + (5 * stride));
    }

    /// <summary>Transposes a square of 8x8 floats.</summary>
    /// <param name="from">The first row.</param>
    /// <param name="step">The distance between the rows in floats.</param>
    /// <param name="to">Receives the first column, as a row.</param>
    /// <param name="stride">The distance between the received rows in floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(float* from, nint step, float* to, nint stride)
    {
        const byte LowPairs = 0x44, HighPairs = 0xEE, LowHalves = 0x20, HighHalves = 0x31;
        Vector256<float> r0 = Vector256.Load(from), r1 = Vector256.Load(from + step);
        Vector256<float> r2 = Vector256.Load(from + (2 * step)), r3 = Vector256.Load(from + (3 * step));
        Vector256<float> r4 = Vector256.Load(from + (4 * step)), r5 = Vector256.Load(from + (5 * step));
        Vector256<float> r6 = Vector256.Load(from + (6 * step)), r7 = Vector256.Load(from + (7 * step));
        Vector256<float> a = Avx.UnpackLow(r0, r1), b = Avx.UnpackHigh(r0, r1), c = Avx.UnpackLow(r2, r3), d = Avx.UnpackHigh(r2, r3);
        Vector256<float> e = Avx.UnpackLow(r4, r5), f = Avx.UnpackHigh(r4, r5), g = Avx.UnpackLow(r6, r7), h = Avx.UnpackHigh(r6, r7);
        Vector256<float> s0 = Avx.Shuffle(a, c, LowPairs), s1 = Avx.Shuffle(a, c, HighPairs);
        Vector256<float> s2 = Avx.Shuffle(b, d, LowPairs), s3 = Avx.Shuffle(b, d, HighPairs);
        Vector256<float> s4 = Avx.Shuffle(e, g, LowPairs), s5 = Avx.Shuffle(e, g, HighPairs);
        Vector256<float> s6 = Avx.Shuffle(f, h, LowPairs), s7 = Avx.Shuffle(f, h, HighPairs);
        Avx.Permute2x128(s0, s4, LowHalves).Store(to);
        Avx.Permute2x128(s1, s5, LowHalves).Store(to + stride);
        Avx.Permute2x128(s2, s6, LowHalves).Store(to + (2 * stride));
        Avx.Permute2x128(s3, s7, LowHalves).Store(to + (3 * stride));
        Avx.Permute2x128(s0, s4, HighHalves).Store(to + (4 * stride));
        Avx.Permute2x128(s1, s5, HighHalves).Store(to + (5 * stride));
        Avx.Permute2x128(s2, s6, HighHalves).Store(to + (6 * stride));
        Avx.Permute2x128(s3, s7, HighHalves).Store(to + (7 * stride));
    }
}
