namespace Fovea.Models.Kernels;

/// <summary>
/// Coefficients of tiles in memory: a plane for each of the 36 coefficients, in it a row for each tile, in it a number for each channel or
/// filter.
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

    /// <summary>The numbers of a tile for a coefficient.</summary>
    public float* At(int coefficient, int tile) => first + (coefficient * plane) + ((nint)tile * stride);

    /// <summary>The same planes from another tile and another channel or filter on.</summary>
    public TilePlanes From(int tile, int column) => new(At(0, tile) + column, plane, stride);
}
