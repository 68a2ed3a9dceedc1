using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fovea.Models.Kernels;

/// <summary>
/// Matrix products of a few tiles with the filters of one panel: products[tile, filter] = sum over c of tiles[tile, c] panel[c, filter].
/// </summary>
/// <remarks>
/// The methods with loops are compiled with full optimization at once: .NET would otherwise run them unoptimized at first, for seconds.
/// </remarks>
internal static unsafe class TileProducts
{
    /// <summary>The number of tiles that are computed at a time.</summary>
    public const int Rows = 8;

    // The number of channels whose products are summed at a time. The sums of such parts are then added up. Each addition rounds, and the
    // rounding error grows with the sum, so short sums that are added up lose less than one long sum.
    private const int Part = 32;

    /// <summary>The number of filters in a panel: two vectors.</summary>
    public static int Panel { get; } = 2 * (Vector512.IsHardwareAccelerated ? Vector512<float>.Count : Vector256<float>.Count);

    /// <summary>Computes the products of <see cref="Rows"/> tiles with a panel.</summary>
    /// <param name="tiles">The tiles, one row of <paramref name="stride"/> floats for each.</param>
    /// <param name="stride">The distance between two tiles.</param>
    /// <param name="panel">The weights of the panel's filters, [channels, <see cref="Panel"/>].</param>
    /// <param name="channels">The number of channels that are summed.</param>
    /// <param name="products">Receives the products, one row for each tile.</param>
    /// <param name="width">The distance between two rows of <paramref name="products"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute(float* tiles, int stride, float* panel, int channels, float* products, int width)
    {
        for (int first = 0; first < channels; first += Part)
        {
            int count = Math.Min(Part, channels - first);
            float* weights = panel + ((nint)first * Panel);
            if (Vector512.IsHardwareAccelerated)
            {
                EightRows(tiles + first, stride, weights, count, products, width, first > 0);
            }
            else
            {
                FourRows(tiles + first, stride, weights, count, products, width, first > 0);
                FourRows(tiles + first + (4 * stride), stride, weights, count, products + (4 * width), width, first > 0);
            }
        }
    }

    // Sixteen of the 32 registers hold sums. The processor starts a multiplication before the previous ones have ended, so it needs many
    // independent sums.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EightRows(float* tiles, int stride, float* panel, int channels, float* products, int width, bool adds)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
        float* t0 = tiles, t1 = t0 + stride, t2 = t1 + stride, t3 = t2 + stride;
        float* t4 = t3 + stride, t5 = t4 + stride, t6 = t5 + stride, t7 = t6 + stride;
        for (nint c = 0; c < channels; c++, panel += 32)
        {
            Vector512<float> u = Vector512.Load(panel), v = Vector512.Load(panel + 16);
            var x = Vector512.Create(t0[c]);
            a0 = Vector512.FusedMultiplyAdd(x, u, a0);
            b0 = Vector512.FusedMultiplyAdd(x, v, b0);
            x = Vector512.Create(t1[c]);
            a1 = Vector512.FusedMultiplyAdd(x, u, a1);
            b1 = Vector512.FusedMultiplyAdd(x, v, b1);
            x = Vector512.Create(t2[c]);
            a2 = Vector512.FusedMultiplyAdd(x, u, a2);
            b2 = Vector512.FusedMultiplyAdd(x, v, b2);
            x = Vector512.Create(t3[c]);
            a3 = Vector512.FusedMultiplyAdd(x, u, a3);
            b3 = Vector512.FusedMultiplyAdd(x, v, b3);
            x = Vector512.Create(t4[c]);
            a4 = Vector512.FusedMultiplyAdd(x, u, a4);
            b4 = Vector512.FusedMultiplyAdd(x, v, b4);
            x = Vector512.Create(t5[c]);
            a5 = Vector512.FusedMultiplyAdd(x, u, a5);
            b5 = Vector512.FusedMultiplyAdd(x, v, b5);
            x = Vector512.Create(t6[c]);
            a6 = Vector512.FusedMultiplyAdd(x, u, a6);
            b6 = Vector512.FusedMultiplyAdd(x, v, b6);
            x = Vector512.Create(t7[c]);
            a7 = Vector512.FusedMultiplyAdd(x, u, a7);
            b7 = Vector512.FusedMultiplyAdd(x, v, b7);
        }

        Store(a0, b0, 0);
        Store(a1, b1, 1);
        Store(a2, b2, 2);
        Store(a3, b3, 3);
        Store(a4, b4, 4);
        Store(a5, b5, 5);
        Store(a6, b6, 6);
        Store(a7, b7, 7);

        void Store(Vector512<float> a, Vector512<float> b, int row)
        {
            float* to = products + (row * width);
            (adds ? a + Vector512.Load(to) : a).Store(to);
            (adds ? b + Vector512.Load(to + 16) : b).Store(to + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(float* tiles, int stride, float* panel, int channels, float* products, int width, bool adds)
    {
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<float> b0 = default, b1 = default, b2 = default, b3 = default;
        float* t0 = tiles, t1 = t0 + stride, t2 = t1 + stride, t3 = t2 + stride;
        for (nint c = 0; c < channels; c++, panel += 16)
        {
            Vector256<float> u = Vector256.Load(panel), v = Vector256.Load(panel + 8);
            var x = Vector256.Create(t0[c]);
            a0 = Vector256.FusedMultiplyAdd(x, u, a0);
            b0 = Vector256.FusedMultiplyAdd(x, v, b0);
            x = Vector256.Create(t1[c]);
            a1 = Vector256.FusedMultiplyAdd(x, u, a1);
            b1 = Vector256.FusedMultiplyAdd(x, v, b1);
            x = Vector256.Create(t2[c]);
            a2 = Vector256.FusedMultiplyAdd(x, u, a2);
            b2 = Vector256.FusedMultiplyAdd(x, v, b2);
            x = Vector256.Create(t3[c]);
            a3 = Vector256.FusedMultiplyAdd(x, u, a3);
            b3 = Vector256.FusedMultiplyAdd(x, v, b3);
        }

        Store(a0, b0, 0);
        Store(a1, b1, 1);
        Store(a2, b2, 2);
        Store(a3, b3, 3);

        void Store(Vector256<float> a, Vector256<float> b, int row)
        {
            float* to = products + (row * width);
            (adds ? a + Vector256.Load(to) : a).Store(to);
            (adds ? b + Vector256.Load(to + 8) : b).Store(to + 8);
        }
    }
}
