using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fovea.Models.Kernels;

/// <summary>
/// The transformed weights G w G' of a 3x3 convolution, [36, panels, channels, filters of a panel]. They need four times the memory of the
/// weights.
/// </summary>
internal sealed unsafe class WinogradWeights : IDisposable
{
    private const int Lanes = TileTransforms.Lanes, Kernel = 9, Tile = WinogradShape.Tile, Coefficients = Tile * Tile;
    private const int LineBytes = 64;

    private readonly int channels;
    private readonly float* values;

    /// <summary>Transforms weights.</summary>
    /// <param name="weights">The weights, [filters, channels, 3, 3].</param>
    /// <param name="filters">The number of filters, a multiple of 8.</param>
    /// <param name="channels">The number of channels.</param>
    public WinogradWeights(float* weights, int filters, int channels)
    {
        (this.channels, Panels) = (channels, (filters + TileProducts.Panel - 1) / TileProducts.Panel);
        nuint bytes = (nuint)Coefficients * (nuint)Panels * (nuint)channels * (nuint)TileProducts.Panel * sizeof(float);
        values = (float*)NativeMemory.AlignedAlloc(bytes, LineBytes);
        if (filters < Panels * TileProducts.Panel)
        {
            NativeMemory.Clear(values, bytes);
        }

        for (int filter = 0; filter < filters; filter += Lanes)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                Transform(weights + (((nint)filter * channels) + channel) * Kernel, filter, channel);
            }
        }
    }

    /// <summary>The number of panels, each of <see cref="TileProducts.Panel"/> filters. The last one may be filled up with zeros.</summary>
    public int Panels { get; }

    /// <summary>The weights of one panel for one coefficient, [channels, filters of the panel].</summary>
    public float* Panel(int coefficient, int panel) =>
        values + ((((nint)coefficient * Panels) + panel) * channels * TileProducts.Panel);

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(values);

    // Transforms the kernels of one channel and eight filters.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Transform(float* weights, int filter, int channel)
    {
        float* kernels = stackalloc float[Kernel * Lanes], rows = stackalloc float[Tile * 3 * Lanes], row = stackalloc float[Tile * Lanes];
        for (int lane = 0; lane < Lanes; lane++)
        {
            for (int element = 0; element < Kernel; element++)
            {
                kernels[(element * Lanes) + lane] = weights[((nint)lane * channels * Kernel) + element];
            }
        }

        for (int column = 0; column < 3; column++)
        {
            TileTransforms.Weights(kernels + (column * Lanes), 3 * Lanes, rows + (column * Lanes), 3 * Lanes);
        }

        for (int i = 0; i < Tile; i++)
        {
            TileTransforms.Weights(rows + (i * 3 * Lanes), Lanes, row, Lanes);
            for (int j = 0; j < Tile; j++)
            {
                float* to = Panel((i * Tile) + j, filter / TileProducts.Panel)
                    + ((nint)channel * TileProducts.Panel) + (filter % TileProducts.Panel);
                new ReadOnlySpan<float>(row + (j * Lanes), Lanes).CopyTo(new Span<float>(to, Lanes));
            }
        }
    }
}
