using System.Runtime.InteropServices;
using Fovea.Models.Graphs;

namespace Fovea.Models.Quantization;

/// <summary>
/// Weights and bias of a layer as integers. Each output channel has a scale of its own, and its values are symmetric around 0.
/// </summary>
/// <param name="Weights">Signed bytes, of the shape of the floats.</param>
/// <param name="Scales">The scale of each output channel.</param>
/// <param name="Bias">32-bit integers in units of the input's scale times the channel's; <c>null</c> if the layer has no bias.</param>
/// <param name="BiasScales">The unit of each channel's bias.</param>
internal sealed record QuantizedWeights(Tensor Weights, float[] Scales, Tensor? Bias, float[] BiasScales)
{
    // A bias of more would overflow the 32-bit sums of products. ONNX Runtime's own tool stays within the same half.
    private const double LargestBias = 1 << 30;

    private const double SmallestScale = 1e-12;

    /// <summary>Quantises the weights of a layer.</summary>
    /// <param name="weights">Floats.</param>
    /// <param name="axis">The axis of the output channels.</param>
    /// <param name="bias">One float for each channel; empty for none.</param>
    /// <param name="input">The scale of the layer's input.</param>
    /// <param name="bits">8 for values of -127 to 127, 7 for -64 to 64.</param>
    /// <param name="factor">The factor of all weights, such as a Gemm's alpha.</param>
    /// <param name="biasFactor">The factor of the bias, such as a Gemm's beta.</param>
    public static QuantizedWeights Of(
        Tensor weights, int axis, ReadOnlySpan<float> bias, float input, int bits, float factor = 1, float biasFactor = 1)
    {
        var values = weights.Floats;
        int channels = weights.Shape[axis], inner = (int)weights.Shape.Dimensions.Skip(axis + 1).Aggregate(1L, (n, d) => n * d);
        var scales = new double[channels];
        for (int i = 0; i < values.Length; i++)
        {
            ref double largest = ref scales[i / inner % channels];
            largest = Math.Max(largest, Math.Abs(values[i] * factor));
        }

        int limit = bits == 7 ? 64 : 127;
        for (int channel = 0; channel < channels; channel++)
        {
            double least = bias.IsEmpty ? 0 : Math.Abs(bias[channel] * biasFactor) / (input * LargestBias);
            scales[channel] = (float)Math.Max(Math.Max(scales[channel] / limit, least), SmallestScale);
        }

        var rounded = new sbyte[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            rounded[i] = (sbyte)Math.Clamp(Math.Round(values[i] * factor / scales[i / inner % channels]), -limit, limit);
        }

        float[] units = [.. scales.Select(scale => (float)scale * input)];
        var shift = new int[bias.Length];
        for (int channel = 0; channel < shift.Length; channel++)
        {
            shift[channel] = (int)Math.Clamp(Math.Round(bias[channel] * biasFactor / units[channel]), -LargestBias, LargestBias);
        }

        return new(
            new Tensor(ElementType.Int8, weights.Shape, MemoryMarshal.AsBytes(rounded.AsSpan()).ToArray()),
            [.. scales.Select(scale => (float)scale)],
            bias.IsEmpty ? null : Tensor.OfInt32(shift),
            units);
    }
}
