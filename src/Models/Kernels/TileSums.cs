using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fovea.Models.Kernels;

/// <summary>
/// Matrix products that sum over tiles, for eight channels and the filters of one panel: sums[c, filter] += sum over t of tiles[t, c]
/// panel[t, filter].
/// </summary>
internal static unsafe class TileSums
{
    /// <summary>The number of channels that are computed at a time.</summary>
    public const int Rows = 8;

    // The number of tiles whose products are summed at a time; see TileProducts.
    private const int Part = 32;

    /// <summary>Adds the products of all tiles to the sums of <see cref="Rows"/> channels.</summary>
    /// <param name="tiles">The tiles' values of the eight channels, one row of <paramref name="stride"/> floats for each tile.</param>
    /// <param name="stride">The distance between two tiles.</param>
    /// <param name="panel">The values of the panel's filters, [count, <see cref="TileProducts.Panel"/>].</param>
    /// <param name="count">The number of tiles.</param>
    /// <param name="sums">The sums, [8, <see cref="TileProducts.Panel"/>].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* tiles, nint stride, float* panel, int count, float* sums)
    {
        for (int first = 0; first < count; first += Part, tiles += Part * stride, panel += Part * TileProducts.Panel)
        {
            int length = Math.Min(Part, count - first);
            if (Vector512.IsHardwareAccelerated)
            {
                EightRows(tiles, stride, panel, length, sums);
            }
            else
            {
                FourRows(tiles, stride, panel, length, sums);
                FourRows(tiles + 4, stride, panel, length, sums + (4 * TileProducts.Panel));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EightRows(float* tiles, nint stride, float* panel, int count, float* sums)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
        for (int t = 0; t < count; t++, panel += 32, tiles += stride)
        {
            Vector512<float> u = Vector512.Load(panel), v = Vector512.Load(panel + 16);
            var x = Vector512.Create(tiles[0]);
            a0 = Vector512.FusedMultiplyAdd(x, u, a0);
            b0 = Vector512.FusedMultiplyAdd(x, v, b0);
            x = Vector512.Create(tiles[1]);
            a1 = Vector512.FusedMultiplyAdd(x, u, a1);
            b1 = Vector512.FusedMultiplyAdd(x, v, b1);
            x = Vector512.Create(tiles[2]);
            a2 = Vector512.FusedMultiplyAdd(x, u, a2);
            b2 = Vector512.FusedMultiplyAdd(x, v, b2);
            x = Vector512.Create(tiles[3]);
            a3 = Vector512.FusedMultiplyAdd(x, u, a3);
            b3 = Vector512.FusedMultiplyAdd(x, v, b3);
            x = Vector512.Create(tiles[4]);
            a4 = Vector512.FusedMultiplyAdd(x, u, a4);
            b4 = Vector512.FusedMultiplyAdd(x, v, b4);
            x = Vector512.Create(tiles[5]);
            a5 = Vector512.FusedMultiplyAdd(x, u, a5);
            b5 = Vector512.FusedMultiplyAdd(x, v, b5);
            x = Vector512.Create(tiles[6]);
            a6 = Vector512.FusedMultiplyAdd(x, u, a6);
            b6 = Vector512.FusedMultiplyAdd(x, v, b6);
            x = Vector512.Create(tiles[7]);
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
            float* to = sums + (row * 32);
            (a + Vector512.Load(to)).Store(to);
            (b + Vector512.Load(to + 16)).Store(to + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(float* tiles, nint stride, float* panel, int count, float* sums)
    {
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<float> b0 = default, b1 = default, b2 = default, b3 = default;
        for (int t = 0; t < count; t++, panel += 16, tiles += stride)
        {
            Vector256<float> u = Vector256.Load(panel), v = Vector256.Load(panel + 8);
            var x = Vector256.Create(tiles[0]);
            a0 = Vector256.FusedMultiplyAdd(x, u, a0);
            b0 = Vector256.FusedMultiplyAdd(x, v, b0);
            x = Vector256.Create(tiles[1]);
            a1 = Vector256.FusedMultiplyAdd(x, u, a1);
            b1 = Vector256.FusedMultiplyAdd(x, v, b1);
            x = Vector256.Create(tiles[2]);
            a2 = Vector256.FusedMultiplyAdd(x, u, a2);
            b2 = Vector256.FusedMultiplyAdd(x, v, b2);
            x = Vector256.Create(tiles[3]);
            a3 = Vector256.FusedMultiplyAdd(x, u, a3);
            b3 = Vector256.FusedMultiplyAdd(x, v, b3);
        }

        Store(a0, b0, 0);
        Store(a1, b1, 1);
        Store(a2, b2, 2);
        Store(a3, b3, 3);

        void Store(Vector256<float> a, Vector256<float> b, int row)
        {
            float* to = sums + (row * 16);
            (a + Vector256.Load(to)).Store(to);
            (b + Vector256.Load(to + 8)).Store(to + 8);
        }
    }
}
