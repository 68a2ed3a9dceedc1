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
    public void Flat_bright_picture_is_a_part_of_no_other_flat_one()
    {
        float[] flat = Picture((x, y) => 250), nearlyFlat = Picture((x, y) => 250 + (x > 0.97 && y > 0.97 ? 3 : 0));
        Assert.False(CropSearch.IsPart(flat, nearlyFlat));
        Assert.False(CropSearch.IsPart(nearlyFlat, flat));
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
