using System.Runtime.CompilerServices;

namespace Fovea.Models.Kernels;

/// <summary>
/// The transformed weights G w G' of a 3x3 convolution, [36, panels, channels, filters of a panel]. They need four times the memory of the
/// weights.
/// </summary>
/// <param name="values">Memory for <see cref="Floats"/> floats.</param>
/// <param name="filters">The number of filters, a multiple of 8.</param>
/// <param name="channels">The number of channels.</param>
/// <param name="reversed">Whether the weights are [channels, filters, 3, 3] and each kernel is reversed, as in an input gradient.</param>
internal readonly unsafe struct WeightPanels(float* values, int filters, int channels, bool reversed)
{
    private const int Lanes = TileTransforms.Lanes, Kernel = 9, Tile = WinogradShape.Tile, Coefficients = Tile * Tile;

    // Planes that are a power of two apart would compete for the same lines of the cache, so a line is left free between them.
    private const int Gap = 16;

    // The number of channels in a part.
    private const int PartChannels = 64;

    /// <summary>The number of panels, each of <see cref="TileProducts.Panel"/> filters. The last one may be filled up.</summary>
    public int Count => (filters + TileProducts.Panel - 1) / TileProducts.Panel;

    /// <summary>The number of parts that can be transformed on different threads.</summary>
    public int Parts => Count * ((channels + PartChannels - 1) / PartChannels);

    private nint Plane => ((nint)Count * channels * TileProducts.Panel) + Gap;

    /// <summary>The number of floats of the transformed weights.</summary>
    public static int Floats(int filters, int channels)
    {
        var sizes = new WeightPanels(null, filters, channels, false);
        return checked((int)(Coefficients * sizes.Plane));
    }

    /// <summary>The weights of one panel for one coefficient, [channels, filters of the panel].</summary>
    public float* Panel(int coefficient, int panel) => values + (coefficient * Plane) + ((nint)panel * channels * TileProducts.Panel);

    /// <summary>Transforms the weights of a part.</summary>
    /// <param name="weights">All weights.</param>
    /// <param name="part">The part, below <see cref="Parts"/>.</param>
    public void Transform(float* weights, int part)
    {
        int panel = part % Count, first = part / Count * PartChannels, end = Math.Min(channels, first + PartChannels);
        int firstFilter = panel * TileProducts.Panel, endFilter = Math.Min(filters, firstFilter + TileProducts.Panel);
        for (int channel = first; channel < end; channel++)
        {
            float* to = Panel(0, panel) + ((nint)channel * TileProducts.Panel);
            for (int filter = firstFilter; filter < endFilter; filter += Lanes)
            {
                nint kernel = reversed ? ((nint)channel * filters) + filter : ((nint)filter * channels) + channel;
                Transform(weights + (kernel * Kernel), to + (filter - firstFilter));
            }
        }
    }

    // Transforms the kernels of one channel and eight filters.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Transform(float* weights, float* to)
    {
        float* kernels = stackalloc float[Kernel * Lanes], rows = stackalloc float[Tile * 3 * Lanes];
        nint step = reversed ? Kernel : (nint)channels * Kernel;
        for (int lane = 0; lane < Lanes; lane++)
        {
            for (int element = 0; element < Kernel; element++)
            {
                kernels[(element * Lanes) + lane] = weights[(lane * step) + (reversed ? Kernel - 1 - element : element)];
            }
        }

        for (int column = 0; column < 3; column++)
        {
            TileTransforms.Weights(kernels + (column * Lanes), 3 * Lanes, rows + (column * Lanes), 3 * Lanes);
        }

        for (int i = 0; i < Tile; i++)
        {
            TileTransforms.Weights(rows + (i * 3 * Lanes), Lanes, to + (i * Tile * Plane), Plane);
        }
    }
}
