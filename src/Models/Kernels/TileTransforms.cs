using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Fovea.Models.Kernels;

// The matrices of F(4x4, 3x3), for the points 0, a, -a, b, -b and infinity, with a = 2/3 and b = 3/2, so that a b = 1:
//
//      | 1   0       -(a2+b2)   0        1  0 |        |  1         0        0     |
//      | 0  -a b2    -b2        a        1  0 |        | -81/130  -54/130  -36/130 |        | 1  1   1   1   1  0 |
// B' = | 0   a b2    -b2       -a        1  0 |    G = | -81/130   54/130  -36/130 |   A' = | 0  a  -a   b  -b  0 |
//      | 0  -b a2    -a2        b        1  0 |        |   8/65    12/65    18/65  |        | 0  a2  a2  b2  b2 0 |
//      | 0   b a2    -a2       -b        1  0 |        |   8/65   -12/65    18/65  |        | 0  a3 -a3  b3 -b3 1 |
//      | 0   1        0       -(a2+b2)   0  1 |        |   0         0        1     |
//
// a2 is a squared, a3 its cube. The usual points 0, 1, -1, 2 and -2 have rounder numbers but twice the rounding error: on 64 channels of
// 16x16, 1.5e-6 of the outputs' root mean square instead of 0.7e-6.
//
// F(3x3, 4x4), which computes a weight gradient, has the same points and the same B'. Its G has a fourth column, the cubes: 0, -24/130,
// 24/130, 27/65, -27/65 and 1, where the 1 of the third column becomes 0. Its A' has the first three rows, and the last 1 is in the third.

/// <summary>The products of Winograd's matrices with columns of vectors: each vector holds the same element of eight channels.</summary>
internal static unsafe class TileTransforms
{
    /// <summary>The number of channels that are transformed at a time.</summary>
    public const int Lanes = 8;

    // The points.
    private const float A = 2f / 3, B = 3f / 2;

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
        Vector256<float> minusA2 = Vector256.Create(-A * A), minusB2 = Vector256.Create(-B * B), both = minusA2 + minusB2;
        Vector256<float> c = Fma.MultiplyAdd(minusB2, d2, d4), e = Fma.MultiplyAdd(minusB2, d1, d3), a = Vector256.Create(A);
        Vector256<float> f = Fma.MultiplyAdd(minusA2, d2, d4), g = Fma.MultiplyAdd(minusA2, d1, d3), b = Vector256.Create(B);
        Fma.MultiplyAdd(both, d2, d0 + d4).Store(to);
        Fma.MultiplyAdd(a, e, c).Store(to + stride);
        Fma.MultiplyAddNegated(a, e, c).Store(to + (2 * stride));
        Fma.MultiplyAdd(b, g, f).Store(to + (3 * stride));
        Fma.MultiplyAddNegated(b, g, f).Store(to + (4 * stride));
        Fma.MultiplyAdd(both, d3, d1 + d5).Store(to + (5 * stride));
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
        Vector256<float> s = m1 + m2, d = m1 - m2, t = m3 + m4, u = m3 - m4;
        (Vector256.Load(from) + s + t + addend).Store(to);
        Fma.MultiplyAdd(Vector256.Create(B), u, Fma.MultiplyAdd(Vector256.Create(A), d, addend)).Store(to + stride);
        Fma.MultiplyAdd(Vector256.Create(B * B), t, Fma.MultiplyAdd(Vector256.Create(A * A), s, addend)).Store(to + (2 * stride));
        var last = Vector256.Load(from + (5 * step)) + addend;
        Fma.MultiplyAdd(Vector256.Create(B * B * B), u, Fma.MultiplyAdd(Vector256.Create(A * A * A), d, last)).Store(to + (3 * stride));
    }

    /// <summary>Multiplies G by three vectors, which gives six.</summary>
    /// <param name="from">The first vector.</param>
    /// <param name="step">The distance between the vectors in floats.</param>
    /// <param name="to">Receives the first of the six products.</param>
    /// <param name="stride">The distance between the products in floats.</param>
    public static void Weights(float* from, nint step, float* to, nint stride)
    {
        Vector256<float> w0 = Vector256.Load(from), w1 = Vector256.Load(from + step), w2 = Vector256.Load(from + (2 * step));
        Vector256<float> near = Scaled(w0, -81f / 130, w2 * (-36f / 130)), far = Scaled(w0, 8f / 65, w2 * (18f / 65));
        w0.Store(to);
        Scaled(w1, -54f / 130, near).Store(to + stride);
        Scaled(w1, 54f / 130, near).Store(to + (2 * stride));
        Scaled(w1, 12f / 65, far).Store(to + (3 * stride));
        Scaled(w1, -12f / 65, far).Store(to + (4 * stride));
        w2.Store(to + (5 * stride));
    }

    /// <summary>Multiplies the G of F(3x3, 4x4) by four vectors, which gives six. The products may overwrite the vectors.</summary>
    /// <param name="from">The first vector.</param>
    /// <param name="step">The distance between the vectors in floats.</param>
    /// <param name="to">Receives the first of the six products.</param>
    /// <param name="stride">The distance between the products in floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Gradients(float* from, nint step, float* to, nint stride)
    {
        Vector256<float> d0 = Vector256.Load(from), d1 = Vector256.Load(from + step);
        Vector256<float> d2 = Vector256.Load(from + (2 * step)), d3 = Vector256.Load(from + (3 * step));
        Vector256<float> near = Scaled(d0, -81f / 130, d2 * (-36f / 130)), middle = Scaled(d1, -54f / 130, d3 * (-24f / 130));
        Vector256<float> far = Scaled(d0, 8f / 65, d2 * (18f / 65)), between = Scaled(d1, 12f / 65, d3 * (27f / 65));
        d0.Store(to);
        (near + middle).Store(to + stride);
        (near - middle).Store(to + (2 * stride));
        (far + between).Store(to + (3 * stride));
        (far - between).Store(to + (4 * stride));
        d3.Store(to + (5 * stride));
    }

    /// <summary>Multiplies the A' of F(3x3, 4x4) by six vectors, which gives three.</summary>
    /// <param name="from">The first vector.</param>
    /// <param name="step">The distance between the vectors in floats.</param>
    /// <param name="to">Receives the first of the three products.</param>
    /// <param name="stride">The distance between the products in floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Kernels(float* from, nint step, float* to, nint stride)
    {
        Vector256<float> m1 = Vector256.Load(from + step), m2 = Vector256.Load(from + (2 * step));
        Vector256<float> m3 = Vector256.Load(from + (3 * step)), m4 = Vector256.Load(from + (4 * step));
        Vector256<float> s = m1 + m2, d = m1 - m2, t = m3 + m4, u = m3 - m4;
        (Vector256.Load(from) + s + t).Store(to);
        Fma.MultiplyAdd(Vector256.Create(B), u, d * A).Store(to + stride);
        var last = Vector256.Load(from + (5 * step));
        Fma.MultiplyAdd(Vector256.Create(B * B), t, Fma.MultiplyAdd(Vector256.Create(A * A), s, last)).Store(to + (2 * stride));
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scaled(Vector256<float> x, float factor, Vector256<float> addend) =>
        Fma.MultiplyAdd(x, Vector256.Create(factor), addend);
}
