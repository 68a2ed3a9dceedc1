using System.Runtime.CompilerServices;

namespace Fovea.Models.Kernels;

/// <summary>Cuts images into tiles and transforms the tiles: B' x B for each channel.</summary>
internal static unsafe class TileReader
{
    private const int Lanes = TileTransforms.Lanes, Tile = WinogradShape.Tile, Step = WinogradShape.Step;

    /// <summary>The number of floats that <see cref="Read"/> needs as <c>strip</c>.</summary>
    public static int StripFloats(in WinogradShape shape) => Tile * StripWidth(shape.TilesAcross) * Lanes;

    /// <summary>Transforms neighbouring tiles.</summary>
    /// <param name="shape">The sizes of the convolution.</param>
    /// <param name="tiles">The tiles to transform.</param>
    /// <param name="image">The image that contains the tiles, [channels, height, width].</param>
    /// <param name="strip">Working memory of <see cref="StripFloats"/> floats.</param>
    /// <param name="to">Receives the coefficients. The first row of each plane belongs to the first of the tiles.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(in WinogradShape shape, TileRow tiles, float* image, float* strip, TilePlanes to)
    {
        int width = StripWidth(tiles.Count), top = (Step * tiles.Down) - shape.Top, left = (Step * tiles.Across) - shape.Left;
        for (int channel = 0; channel < shape.Channels; channel += Lanes)
        {
            for (int row = 0; row < Tile; row++)
            {
                Fill(shape, image + ((nint)channel * shape.Height * shape.Width), top + row, left, strip + (row * width * Lanes), width);
            }

            for (int column = 0; column < width; column++)
            {
                float* from = strip + (column * Lanes);
                TileTransforms.Input(from, width * Lanes, from, width * Lanes);
            }

            for (int tile = 0; tile < tiles.Count; tile++)
            {
                for (int row = 0; row < Tile; row++)
                {
                    float* from = strip + (((row * width) + (tile * Step)) * Lanes);
                    TileTransforms.Input(from, Lanes, to.At(row * Tile, tile) + channel, to.Plane);
                }
            }
        }
    }

    private static int StripWidth(int tiles) => (tiles * Step) + Tile - Step;

    /// <summary>
    /// Copies a part of one row of eight channels to the strip, [columns, 8]. Outside of the image, the strip gets zeros.
    /// </summary>
    /// <param name="shape">The sizes of the image.</param>
    /// <param name="image">The first of the eight channels.</param>
    /// <param name="y">The row; it may be outside of the image.</param>
    /// <param name="left">The first column; it may be outside of the image.</param>
    /// <param name="strip">Receives the columns.</param>
    /// <param name="width">The number of columns.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill(in WinogradShape shape, float* image, int y, int left, float* strip, int width)
    {
        if (y < 0 || y >= shape.Height)
        {
            new Span<float>(strip, width * Lanes).Clear();
            return;
        }

        nint step = (nint)shape.Height * shape.Width;
        float* row = image + ((nint)y * shape.Width);
        int column = Math.Min(width, Math.Max(0, -left)), end = Math.Max(column, Math.Min(width, shape.Width - left));
        new Span<float>(strip, column * Lanes).Clear();
        for (; column + Lanes <= end; column += Lanes)
        {
            TileTransforms.Transpose(row + left + column, step, strip + (column * Lanes), Lanes);
        }

        for (; column < end; column++)
        {
            for (int lane = 0; lane < Lanes; lane++)
            {
                strip[(column * Lanes) + lane] = row[(lane * step) + left + column];
            }
        }

        new Span<float>(strip + (end * Lanes), (width - end) * Lanes).Clear();
    }
}
