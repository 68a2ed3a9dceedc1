namespace Fovea.Models.Kernels;

/// <summary>Neighbouring tiles of one row of tiles.</summary>
/// <param name="Image">The image, from 0.</param>
/// <param name="Down">The row of tiles in the image, from 0.</param>
/// <param name="Across">The place of the first tile in the row, from 0.</param>
/// <param name="Count">The number of tiles.</param>
internal readonly record struct TileRow(int Image, int Down, int Across, int Count)
{
    /// <summary>The tiles from one tile, counted over all images, to the end of its row, but at most a number of them.</summary>
    public static TileRow At(in WinogradShape shape, int tile, int most)
    {
        int across = tile % shape.TilesAcross, row = tile / shape.TilesAcross;
        return new(row / shape.TilesDown, row % shape.TilesDown, across, Math.Min(most, shape.TilesAcross - across));
    }
}
