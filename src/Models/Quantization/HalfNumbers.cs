using System.Runtime.InteropServices;
using Fovea.Models.Graphs;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Fovea.Models.Quantization;

/// <summary>
/// Rounds 32-bit floats to 16-bit floats (IEEE half precision: 11 bits of mantissa, up to 65504). Values below 2^-14 are subnormal: they
/// are multiples of 2^-24, so they have fewer bits, and the smallest become 0.
/// </summary>
internal static class HalfNumbers
{
    /// <summary>The largest 16-bit float. Larger values become infinite.</summary>
    public const float Largest = 65504;

    /// <summary>
    /// If a tensor's largest magnitude is at least this number, its subnormal values do not matter: their error, 2^-25, is at most 2^-12 of
    /// the largest magnitude, as much as the rounding error of a normal number.
    /// </summary>
    public const float SmallestPeak = 1f / (1 << 13);

    // The relative error of rounding a normal number is at most 2^-11.
    private const double LargestError = 1.0 / (1 << 10);

    private const float SmallestNormal = 1f / (1 << 14);

    /// <summary>Returns a tensor of 16-bit floats with the elements of a float tensor.</summary>
    public static Tensor Rounded(Tensor tensor)
    {
        var halves = new Half[tensor.Shape.Size];
        TensorPrimitives.ConvertToHalf(tensor.Floats, halves);
        return new(ElementType.Float16, tensor.Shape, MemoryMarshal.AsBytes(halves.AsSpan()).ToArray());
    }

    /// <summary>Returns a tensor of 32-bit floats with the elements of a float tensor, rounded to 16 bits.</summary>
    public static Tensor RoundedFloats(Tensor tensor) =>
        Tensor.Of(tensor.Shape, Array.ConvertAll(tensor.Floats.ToArray(), value => (float)(Half)value));

    /// <summary>
    /// Whether rounding changes the elements of a float tensor by more than normal numbers would lose, because a value is too large for 16
    /// bits or most of the tensor's content is subnormal. The error is the length of the difference relative to the length of the tensor.
    /// </summary>
    public static bool Damage(Tensor tensor)
    {
        double lost = 0, all = 0;
        foreach (float value in tensor.Floats)
        {
            double difference = value - (double)(float)(Half)value;
            lost += difference * difference;
            all += (double)value * value;
        }

        return double.IsNaN(lost) || lost > LargestError * LargestError * all;
    }

    /// <summary>
    /// Counts the elements that have fewer bits than others as 16-bit floats, because they are subnormal, and those that become 0.
    /// </summary>
    public static (long Subnormal, long Zeroed) CountSmall(Tensor tensor)
    {
        long subnormal = 0, zeroed = 0;
        foreach (float value in tensor.Floats)
        {
            if (value != 0 && Math.Abs(value) < SmallestNormal)
            {
                bool vanishes = (Half)value == (Half)0;
                zeroed += vanishes ? 1 : 0;
                subnormal += vanishes ? 0 : 1;
            }
        }

        return (subnormal, zeroed);
    }
}
