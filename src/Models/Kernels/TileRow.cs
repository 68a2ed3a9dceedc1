namespace Fovea.Models.Kernels;

/// <summary>Neighbouring tiles of one row of tiles.</summary>
/// <param name="Image">The image, from 0.</param>
/// <param name="Down">The row of tiles in the image, from 0.</param>
/// <param name="Across">The place of the first tile in the row, from 0.</param>
/// <param name="Count">The number of tiles.</param>
internal readonly record struct TileRow(int Image, int Down, int Across, int Count);
