using System.Runtime.CompilerServices;

namespace Fovea.Models.Kernels;

/// <summary>Cuts the gradient of a convolution's output into tiles of 4x4 and transforms them: G d G' for each filter.</summary>
internal static unsafe class GradientTileReader
{
    private const int Lanes = TileTransforms.Lanes, Tile = WinogradShape.Tile, Step = WinogradShape.Step;

    /// <summary>Transforms neighbouring tiles of eight filters.</summary>
    /// <param name="outputs">The sizes of the gradient, as those of an image.</param>
    /// <param name="tiles">The tiles.</param>
    /// <param name="gradients">The gradient of the eight filters, [8, rows, columns].</param>
    /// <param name="strip">Working memory of 6 x 4 x 8 floats for each tile.</param>
    /// <param name="to">Receives the coefficients of the eight filters, from the first of the tiles on.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(in WinogradShape outputs, TileRow tiles, float* gradients, float* strip, TilePlanes to)
    {
        int width = tiles.Count * Step;
        for (int row = 0; row < Step; row++)
        {
            TileReader.Fill(outputs, gradients, (tiles.Down * Step) + row, tiles.Across * Step, strip + (row * width * Lanes), width);
        }

        for (int column = 0; column < width; column++)
        {
            float* from = strip + (column * Lanes);
            TileTransforms.Gradients(from, width * Lanes, from, width * Lanes);
        }

        for (int tile = 0; tile < tiles.Count; tile++)
        {
            for (int row = 0; row < Tile; row++)
            {
                float* from = strip + (((row * width) + (tile * Step)) * Lanes);
                TileTransforms.Gradients(from, Lanes, to.At(row * Tile, tile), to.Plane);
            }
        }
    }
}
