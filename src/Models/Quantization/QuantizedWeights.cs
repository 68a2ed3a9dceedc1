using System.Runtime.InteropServices;
using Fovea.Models.Graphs;

namespace Fovea.Models.Quantization;

/// <summary>
/// The weights and bias of a layer as integers. Each output channel has its own scale; the range of its weights is symmetric around 0.
/// </summary>
/// <param name="Weights">The weights as signed bytes, in the shape of the float weights.</param>
/// <param name="Scales">The scale of each output channel.</param>
/// <param name="Bias">The bias as 32-bit integers; <c>null</c> if the layer has no bias.</param>
/// <param name="BiasScales">The scale of each channel's bias: the input's scale times the channel's scale.</param>
internal sealed record QuantizedWeights(Tensor Weights, float[] Scales, Tensor? Bias, float[] BiasScales)
{
    // A larger bias could overflow the 32-bit sums of products. ONNX Runtime's own quantisation tool uses the same limit.
    private const double LargestBias = 1 << 30;

    private const double SmallestScale = 1e-12;

    /// <summary>Quantises the weights of a layer.</summary>
    /// <param name="weights">The weights as floats.</param>
    /// <param name="axis">The axis of the output channels.</param>
    /// <param name="bias">The bias, one float for each channel; empty if the layer has no bias.</param>
    /// <param name="input">The scale of the layer's input.</param>
    /// <param name="bits">8 for weights from -127 to 127; 7 for weights from -64 to 64.</param>
    /// <param name="factor">A factor for all weights, such as a Gemm's alpha.</param>
    /// <param name="biasFactor">A factor for the bias, such as a Gemm's beta.</param>
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
