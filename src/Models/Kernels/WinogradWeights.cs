using System.Runtime.InteropServices;

namespace Fovea.Models.Kernels;

/// <summary>The transformed weights of a 3x3 convolution whose weights are constant, in memory of their own.</summary>
internal sealed unsafe class WinogradWeights : IDisposable
{
    private const int LineBytes = 64;

    private readonly float* values;

    /// <summary>Transforms weights.</summary>
    /// <param name="weights">The weights, [filters, channels, 3, 3].</param>
    /// <param name="filters">The number of filters, a multiple of 8.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="reversed">Whether the weights are [channels, filters, 3, 3] and each kernel is reversed.</param>
    public WinogradWeights(float* weights, int filters, int channels, bool reversed)
    {
        nuint bytes = (nuint)WeightPanels.Floats(filters, channels) * sizeof(float);
        values = (float*)NativeMemory.AlignedAlloc(bytes, LineBytes);
        NativeMemory.Clear(values, bytes);
        Panels = new WeightPanels(values, filters, channels, reversed);
        for (int part = 0; part < Panels.Parts; part++)
        {
            Panels.Transform(weights, part);
        }
    }

    /// <summary>The weights.</summary>
    public WeightPanels Panels { get; }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(values);
}
