using Fovea.Models.Errors;
using Fovea.Models.Layers;
using Fovea.Models.Quantization;

namespace Fovea.Models.Tests.Quantization;

public class ValueRangeTests
{
    [Theory]
    [InlineData(0, 6, 0)]
    [InlineData(2, 6, 0)]
    [InlineData(-6, 0, 255)]
    [InlineData(-1, 3, 64)]
    [InlineData(0, 0, 0)]
    public void Zero_has_an_exact_value_within_the_range(double lowest, double highest, int zero)
    {
        var range = new ValueRange(lowest, highest);
        Assert.Equal(zero, range.ZeroPoint);
        Assert.True(range.Scale > 0);
        Assert.True((255 - range.ZeroPoint) * range.Scale <= Math.Max(highest, 1e-9) + range.Scale);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(1)]
    [InlineData(0.1)]
    [InlineData(7.3)]
    public void Range_never_exceeds_that_of_a_Clip_through_rounding(double highest) =>
        Assert.True(255 * new ValueRange(0, highest).Scale <= highest);

    [Fact]
    public void Entropy_and_percentile_cut_off_a_lone_large_value()
    {
        var (histogram, values) = (new ValueHistogram(), Normal(200_000));
        values[7] = 60;
        histogram.Widen(values);
        histogram.Count(values);
        Assert.Equal(60f / 255, histogram.Range(CalibrationMethod.MinMax).Scale, 1e-4f);
        Assert.InRange(histogram.Range(CalibrationMethod.Entropy).Scale * 255, 2.5f, 9);
        Assert.InRange(histogram.Range(CalibrationMethod.Percentile).Scale * 255, 3.5f, 6);
    }

    [Fact]
    public void Values_on_both_sides_of_zero_are_cut_off_alike()
    {
        var histogram = new ValueHistogram();
        float[] values = [.. Normal(100_000).Select((value, i) => i % 2 == 0 ? value : -value), 50, -20];
        histogram.Widen(values);
        histogram.Count(values);
        var range = histogram.Range(CalibrationMethod.Entropy);
        Assert.InRange(range.ZeroPoint, 120, 135);
        Assert.InRange(range.Scale * 255, 5, 20);
    }

    [Fact]
    public void Zeros_do_not_decide_where_values_are_cut_off()
    {
        float[] values = Normal(50_000);
        Assert.Equal(Entropy(values), Entropy([.. values, .. new float[500_000]]));

        static ValueRange Entropy(float[] values)
        {
            var histogram = new ValueHistogram();
            histogram.Widen(values);
            histogram.Count(values);
            return histogram.Range(CalibrationMethod.Entropy);
        }
    }

    [Fact]
    public void Value_that_is_not_finite_is_refused() =>
        Assert.Throws<FoveaException>(() => new ValueHistogram().Widen([1, float.NaN]));

    // Magnitudes of a normal distribution, by Box and Muller.
    private static float[] Normal(int count)
    {
        var random = new SeededRandom(5);
        var values = new float[count];
        foreach (ref float value in values.AsSpan())
        {
            double radius = Math.Sqrt(-2 * Math.Log(random.Uniform(1e-7f, 1)));
            value = (float)Math.Abs(radius * Math.Cos(2 * Math.PI * random.Uniform(0, 1)));
        }

        return values;
    }
}
