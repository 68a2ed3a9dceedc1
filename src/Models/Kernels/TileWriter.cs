using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Fovea.Models.Kernels;

/// <summary>Transforms products back to pixels, A' m A for each filter, and writes them with bias, addend and ReLU.</summary>
internal static unsafe class TileWriter
{
    private const int Lanes = TileTransforms.Lanes, Tile = WinogradShape.Tile, Step = WinogradShape.Step;

    /// <summary>The number of floats that <see cref="Write"/> needs as <c>strip</c>.</summary>
    public static int StripFloats(in WinogradShape shape) => Step * StripWidth(shape.TilesAcross) * Lanes;

    /// <summary>Writes neighbouring tiles for eight filters.</summary>
    /// <param name="shape">The sizes of the convolution.</param>
    /// <param name="tiles">The tiles to write.</param>
    /// <param name="from">The products. They begin with the first of the tiles and the first of the eight filters.</param>
    /// <param name="bias">The bias of the eight filters.</param>
    /// <param name="strip">Working memory of <see cref="StripFloats"/> floats.</param>
    /// <param name="addend">The numbers that are added to the output, [8, rows, columns]; null for none.</param>
    /// <param name="to">The output of the eight filters, [8, rows, columns].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(
        in WinogradShape shape, TileRow tiles, TilePlanes from, float* bias, float* strip, float* addend, float* to)
    {
        int width = StripWidth(tiles.Count);
        var lanes = Vector256.Load(bias);
        float* rows = stackalloc float[Tile * Step * Lanes];
        for (int tile = 0; tile < tiles.Count; tile++)
        {
            for (int row = 0; row < Tile; row++)
            {
                TileTransforms.Output(
                    from.At(row * Tile, tile), from.Plane, rows + (row * Step * Lanes), Lanes, Vector256<float>.Zero);
            }

            for (int column = 0; column < Step; column++)
            {
                TileTransforms.Output(
                    rows + (column * Lanes), Step * Lanes, strip + (((tile * Step) + column) * Lanes), width * Lanes, lanes);
            }
        }

        int left = tiles.Across * Step, columns = Math.Min(tiles.Count * Step, shape.Columns - left), top = tiles.Down * Step;
        for (int row = 0; row < Math.Min(Step, shape.Rows - top); row++)
        {
            nint offset = ((nint)(top + row) * shape.Columns) + left;
            WriteRow(shape, strip + (row * width * Lanes), columns, addend is null ? null : addend + offset, to + offset);
        }
    }

    // Whole squares of 8x8 are transposed, so the strip is wide enough for the last one.
    private static int StripWidth(int tiles) => ((tiles * Step) + Lanes - 1) / Lanes * Lanes;

    // Writes a row, [columns, 8] in the strip, to eight rows of the output.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteRow(in WinogradShape shape, float* strip, int columns, float* addend, float* to)
    {
        nint step = (nint)shape.Rows * shape.Columns;
        float* square = stackalloc float[Lanes * Lanes];
        var least = Vector256.Create(shape.Relu ? 0 : float.NegativeInfinity);
        for (int column = 0; column < columns; column += Lanes)
        {
            int count = Math.Min(Lanes, columns - column);
            TileTransforms.Transpose(strip + (column * Lanes), Lanes, square, Lanes);
            for (int lane = 0; lane < Lanes; lane++)
            {
                nint offset = (lane * step) + column;
                float* values = square + (lane * Lanes);
                if (count == Lanes)
                {
                    var sum = addend is null ? Vector256.Load(values) : Vector256.Load(values) + Vector256.Load(addend + offset);
                    Avx.Max(least, sum).Store(to + offset);
                }
                else
                {
                    for (int i = 0; i < count; i++)
                    {
                        float sum = addend is null ? values[i] : values[i] + addend[offset + i];
                        to[offset + i] = shape.Relu ? Math.Max(sum, 0) : sum;
                    }
                }
            }
        }
    }
}
