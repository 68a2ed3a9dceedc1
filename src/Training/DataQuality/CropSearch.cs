using System.Numerics.Tensors;

namespace Fovea.Training.DataQuality;

/// <summary>Finds out whether one picture is a part of another one, of which a narrow border was cut off.</summary>
internal static class CropSearch
{
    // Pictures have 32 x 32 pixels, of which a part is compared with the whole other picture at 16 x 16.
    private const int Side = PerceptualHash.Side, Samples = 16;

    // Two different pictures of one place reach 0.91 on photos, and cropped copies at least 0.98.
    private const double LeastCorrelation = 0.97;

    // Cropping does not change colours. The root mean square of the differences tells plain drawings apart, whose shapes alone are alike.
    private const double MostDifference = 8;

    // Flat parts of pictures, whose pixels deviate from their mean by less than one of 255 levels, resemble everything.
    private const double LeastLength = Samples;

    // The parts of a side that may be left after cropping: from 80 % to all of it, at the start, in the middle and at the end.
    private static readonly Segment[] Segments =
    [
        .. new[] { 1, 0.95, 0.9, 0.85, 0.8 }
            .SelectMany(length => new[] { 0, (1 - length) / 2, 1 - length }.Distinct().Select(start => new Segment(start, length))),
    ];

    /// <summary>Whether <paramref name="part"/> shows the whole of <paramref name="picture"/> except for a narrow border.</summary>
    /// <param name="picture">The pixels, [3, 32, 32], 0 to 255.</param>
    /// <param name="part">The pixels of the part, in the same form.</param>
    public static bool IsPart(float[] picture, float[] part)
    {
        var whole = Segments[0];
        float[] grays = Gray(picture), target = Centred(Sample(Gray(part), whole, whole));
        double length = TensorPrimitives.Norm<float>(target);
        var (best, place) = (0.0, (whole, whole));
        foreach (var y in Segments)
        {
            foreach (var x in Segments)
            {
                var values = Centred(Sample(grays, y, x));
                double own = TensorPrimitives.Norm<float>(values);
                double correlation = Math.Min(own, length) < LeastLength ? 0 : TensorPrimitives.Dot<float>(values, target) / (own * length);
                (best, place) = correlation > best ? (correlation, (y, x)) : (best, place);
            }
        }

        return best >= LeastCorrelation && Difference(picture, part, place) <= MostDifference;
    }

    private static float[] Centred(float[] values)
    {
        TensorPrimitives.Subtract(values, TensorPrimitives.Sum<float>(values) / values.Length, values);
        return values;
    }

    private static double Difference(float[] picture, float[] part, (Segment Y, Segment X) place)
    {
        double squares = 0;
        for (int channel = 0; channel < 3; channel++)
        {
            var own = Sample(picture.AsSpan(channel * Side * Side, Side * Side), place.Y, place.X);
            var other = Sample(part.AsSpan(channel * Side * Side, Side * Side), Segments[0], Segments[0]);
            squares += Math.Pow(TensorPrimitives.Distance<float>(own, other), 2);
        }

        return Math.Sqrt(squares / (3 * Samples * Samples));
    }

    private static float[] Gray(float[] picture)
    {
        var gray = new float[Side * Side];
        for (int channel = 0; channel < 3; channel++)
        {
            TensorPrimitives.Add(gray, picture.AsSpan(channel * Side * Side, Side * Side), gray);
        }

        TensorPrimitives.Divide(gray, 3, gray);
        return gray;
    }

    // Bilinear interpolation: first between rows, then between columns.
    private static float[] Sample(ReadOnlySpan<float> image, Segment y, Segment x)
    {
        var rows = new float[Side];
        var values = new float[Samples * Samples];
        for (int i = 0; i < Samples; i++)
        {
            var (above, below, lower) = y.Places[i];
            for (int column = 0; column < Side; column++)
            {
                rows[column] = (image[(above * Side) + column] * (1 - lower)) + (image[(below * Side) + column] * lower);
            }

            for (int j = 0; j < Samples; j++)
            {
                var (left, right, later) = x.Places[j];
                values[(i * Samples) + j] = (rows[left] * (1 - later)) + (rows[right] * later);
            }
        }

        return values;
    }

    // A part of a side, and the two pixels between which each sample lies.
    private sealed class Segment(double start, double length)
    {
        public (int First, int Second, float Share)[] Places { get; } =
        [
            .. Enumerable.Range(0, Samples).Select(i =>
            {
                double place = Math.Clamp(((start + ((i + 0.5) / Samples * length)) * Side) - 0.5, 0, Side - 1);
                int first = (int)place;
                return (first, Math.Min(first + 1, Side - 1), (float)(place - first));
            }),
        ];
    }
}
