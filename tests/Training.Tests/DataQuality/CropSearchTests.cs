using Fovea.Training.DataQuality;

namespace Fovea.Training.Tests.DataQuality;

public sealed class CropSearchTests
{
    private const int Side = 32;

    [Theory]
    [InlineData(0, 0, 1, true)]
    [InlineData(0.05, 0.05, 0.9, true)]
    [InlineData(0.1, 0, 0.9, true)]
    [InlineData(0.1, 0.1, 0.8, true)]
    [InlineData(0.25, 0.25, 0.5, false)]
    public void Picture_without_a_narrow_border_is_a_part_of_it(double left, double top, double share, bool expected) =>
        Assert.Equal(expected, CropSearch.IsPart(Drawn(0, 0, 1), Drawn(left, top, share)));

    [Fact]
    public void Flat_bright_pictures_whose_faint_patterns_are_alike_are_no_parts_of_each_other()
    {
        var faint = Picture((x, y) => 250 + (0.4 * Math.Sin((7 * x) + (3 * y))));
        Assert.False(CropSearch.IsPart(faint, faint));
        Assert.False(CropSearch.IsPart(Picture((_, _) => 250), faint));
        Assert.False(CropSearch.IsPart(faint, Picture((_, _) => 250)));
    }

    // A picture of waves, or a part of it that was scaled to the same size.
    private static float[] Drawn(double left, double top, double share) => Picture((x, y) =>
    {
        double a = left + (x * share), b = top + (y * share);
        return 128 + (60 * Math.Sin((7 * a) + (3 * b))) + (40 * Math.Cos((5 * b) - (9 * a * b)));
    });

    private static float[] Picture(Func<double, double, double> gray) =>
    [
        .. Enumerable.Range(0, 3 * Side * Side).Select(i => (float)gray(((i % Side) + 0.5) / Side, ((i / Side % Side) + 0.5) / Side)),
    ];
}
