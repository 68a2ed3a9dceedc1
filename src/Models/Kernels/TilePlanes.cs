namespace Fovea.Models.Kernels;

/// <summary>
/// The coefficients of tiles in memory, [36 coefficients, tiles, channels or filters]. A plane holds one coefficient of all tiles.
/// </summary>
/// <param name="first">The first number of the first tile for the first coefficient.</param>
/// <param name="plane">The distance between two planes in floats.</param>
/// <param name="stride">The distance between two tiles in floats.</param>
internal readonly unsafe struct TilePlanes(float* first, nint plane, int stride)
{
    /// <summary>The distance between two planes in floats.</summary>
    public nint Plane => plane;

    /// <summary>The distance between two tiles in floats.</summary>
    public int Stride => stride;

    /// <summary>The address of a tile's numbers for a coefficient: one number for each channel or filter.</summary>
    public float* At(int coefficient, int tile) => first + (coefficient * plane) + ((nint)tile * stride);

    /// <summary>The part of the planes that begins at another tile and another channel or filter.</summary>
    public TilePlanes From(int tile, int column) => new(At(0, tile) + column, plane, stride);
}
