using Fovea.Models.Imaging;

namespace Fovea.Models.Tests.Imaging;

public class PreprocessorTests
{
    private static readonly Preprocessing Rgb = new() { Crop = [2, 2] };

    [Fact]
    public void Halving_weights_four_neighbours()
    {
        // With factor 2, the weights are 1/8, 3/8, 3/8, 1/8. At the edge the first one is outside of the image, which leaves 3/7, 3/7, 1/7.
        var row = new Pixels(4, 1, 1, [0, 70, 140, 210]);
        var fitted = Preprocessor.Fit(row, new() { Crop = [1, 2], Color = ColorOrder.Gray });
        Assert.Equal<byte>([50, 160], fitted.Values);
    }

    [Fact]
    public void Doubling_interpolates_between_pixel_centres()
    {
        // The centres of the output pixels are at -1/4, 1/4, 3/4 and 5/4 of the distance between the centres of the two input pixels.
        var fitted = Preprocessor.Fit(new Pixels(2, 1, 1, [0, 100]), new() { Crop = [1, 4], Color = ColorOrder.Gray });
        Assert.Equal<byte>([0, 25, 75, 100], fitted.Values);
    }

    [Theory, InlineData(1), InlineData(3)]
    public void Resizing_equals_the_definition_in_floating_point(int channels)
    {
        foreach (var (width, height) in new[] { (97, 61), (30, 80), (33, 21), (300, 20) })
        {
            var image = Random(width, height, channels);
            var fitted = Preprocessor.Fit(image, new() { Crop = [21, 33], Color = channels == 1 ? ColorOrder.Gray : ColorOrder.Rgb });
            byte[] across = Resized(image.Values, width, height, channels, 33);
            byte[] expected = Transposed(Resized(Transposed(across, 33, height, channels), height, 33, channels, 21), 21, 33, channels);
            Assert.All(expected.Zip(fitted.Values), pair => Assert.InRange(pair.First - pair.Second, -1, 1));
        }
    }

    [Theory]
    [InlineData(640, 480, 341, 256, 58, 16)]
    [InlineData(480, 640, 256, 341, 16, 58)]
    [InlineData(300, 300, 256, 256, 16, 16)]
    // Rounding half to even: (257 - 224) / 2 = 16.5 becomes 16, and (259 - 224) / 2 = 17.5 becomes 18.
    [InlineData(514, 512, 257, 256, 16, 16)]
    [InlineData(518, 512, 259, 256, 18, 16)]
    public void Short_side_is_resized_and_the_centre_is_cropped(
        int width, int height, int resizedWidth, int resizedHeight, int left, int top)
    {
        var image = Random(width, height, 3);
        var fitted = Preprocessor.Fit(image, new() { Resize = 256, Crop = [224, 224] });
        var resized = Preprocessor.Fit(image, new() { Crop = [resizedHeight, resizedWidth] });
        for (int y = 0; y < 224; y++)
        {
            Assert.Equal(
                resized.Values.AsSpan((((top + y) * resizedWidth) + left) * 3, 224 * 3), fitted.Values.AsSpan(y * 224 * 3, 224 * 3));
        }
    }

    [Fact]
    public void Image_of_the_right_size_is_not_copied()
    {
        var image = Random(24, 16, 3);
        Assert.Same(image, Preprocessor.Fit(image, new() { Crop = [16, 24] }));
        Assert.Same(image, Preprocessor.Fit(image, new() { Crop = [16, 24], Resize = 16 }));
        var gray = Random(24, 16, 1);
        Assert.Same(gray, Preprocessor.Fit(gray, new() { Crop = [16, 24], Color = ColorOrder.Gray }));
    }

    [Theory]
    [InlineData(ColorOrder.Rgb, new byte[] { 10, 20, 30 })]
    [InlineData(ColorOrder.Bgr, new byte[] { 30, 20, 10 })]
    // 0.299 x 10 + 0.587 x 20 + 0.114 x 30 = 18.15.
    [InlineData(ColorOrder.Gray, new byte[] { 18 })]
    public void Channels_have_the_wanted_order(ColorOrder order, byte[] expected) =>
        Assert.Equal(expected, Preprocessor.Fit(new Pixels(1, 1, 3, [10, 20, 30]), new() { Crop = [1, 1], Color = order }).Values);

    [Theory, InlineData(ColorOrder.Rgb), InlineData(ColorOrder.Bgr)]
    public void Gray_value_is_copied_to_three_channels(ColorOrder order) =>
        Assert.Equal<byte>(
            [7, 7, 7, 9, 9, 9], Preprocessor.Fit(new Pixels(2, 1, 1, [7, 9]), new() { Crop = [1, 2], Color = order }).Values);

    [Theory, InlineData(1, 500), InlineData(500, 1), InlineData(1, 1), InlineData(1, 16_384), InlineData(16_384, 2)]
    public void Image_of_extreme_proportions_is_fitted(int width, int height)
    {
        var fitted = Preprocessor.Fit(
            new Pixels(width, height, 1, Enumerable.Repeat((byte)99, width * height).ToArray()), new() { Resize = 256, Crop = [224, 224] });
        Assert.Equal(224 * 224 * 3, fitted.Values.Length);
        Assert.All(fitted.Values, value => Assert.Equal(99, value));
    }

    [Fact]
    public void Tensor_has_one_plane_per_channel()
    {
        var fitted = new Pixels(2, 2, 3, [0, 51, 255, 10, 20, 30, 255, 0, 128, 1, 2, 3]);
        var preprocessing = Rgb with { Mean = [0.5f, 0.25f, 0], Std = [0.5f, 1, 2] };
        float[] tensor = new float[12];
        Preprocessor.Normalize(fitted, preprocessing, tensor);
        Assert.Equal(-1, tensor[0]);
        Assert.Equal(1, tensor[2], 1e-6);
        Assert.Equal(0.2 - 0.25, tensor[4], 1e-6);
        Assert.Equal(0.5, tensor[8], 1e-6);
        Assert.Equal(128 / 255.0 / 2, tensor[10], 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Vectorised_normalisation_equals_that_of_single_values(int channels)
    {
        var fitted = Random(13, 21, channels);
        var preprocessing = Rgb with
        {
            Crop = [21, 13],
            Color = channels == 1 ? ColorOrder.Gray : ColorOrder.Rgb,
            Mean = [.. new[] { 0.485f, 0.456f, 0.406f }[..channels]],
            Std = [.. new[] { 0.229f, 0.224f, 0.225f }[..channels]],
        };
        float[] tensor = new float[channels * 13 * 21];
        Preprocessor.Normalize(fitted, preprocessing, tensor);
        Assert.Equal(
            tensor,
            Enumerable.Range(0, tensor.Length).Select(
                i => preprocessing.Normalized(fitted.Values[(i % (13 * 21) * channels) + (i / (13 * 21))], i / (13 * 21))));
    }

    [Fact]
    public void Single_mean_and_deviation_apply_to_all_channels()
    {
        float[] one = new float[12], three = new float[12];
        var fitted = Random(2, 2, 3);
        Preprocessor.Normalize(fitted, Rgb with { Mean = [0.4f], Std = [0.2f] }, one);
        Preprocessor.Normalize(fitted, Rgb with { Mean = [0.4f, 0.4f, 0.4f], Std = [0.2f, 0.2f, 0.2f] }, three);
        Assert.Equal(three, one);
        Assert.NotEqual(0, one[11]);
    }

    [Fact]
    public void Normalisation_of_another_size_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Preprocessor.Normalize(Random(3, 2, 3), Rgb, new float[18]));
        Assert.Throws<ArgumentException>(() => Preprocessor.Normalize(Random(2, 2, 3), Rgb, new float[11]));
        Assert.Throws<ArgumentException>(() => Preprocessor.Normalize(Random(2, 2, 1), Rgb, new float[4]));
    }

    internal static Pixels Random(int width, int height, int channels)
    {
        byte[] values = new byte[width * height * channels];
        new Random(width + height).NextBytes(values);
        return new Pixels(width, height, channels, values);
    }

    // Resizes rows in floating point. The weights are max(0, 1 - |distance of centres| / max(1, factor)), divided by their sum.
    private static byte[] Resized(byte[] values, int width, int height, int channels, int to)
    {
        byte[] result = new byte[to * height * channels];
        double factor = (double)width / to, support = Math.Max(1, factor);
        for (int i = 0; i < result.Length; i++)
        {
            int channel = i % channels, x = i / channels % to, y = i / channels / to;
            double sum = 0, weights = 0;
            for (int from = 0; from < width; from++)
            {
                double weight = Math.Max(0, 1 - (Math.Abs(from + 0.5 - ((x + 0.5) * factor)) / support));
                sum += weight * values[(((y * width) + from) * channels) + channel];
                weights += weight;
            }

            result[i] = (byte)Math.Round(sum / weights);
        }

        return result;
    }

    private static byte[] Transposed(byte[] values, int width, int height, int channels)
    {
        byte[] result = new byte[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            int channel = i % channels, x = i / channels % width, y = i / channels / width;
            result[(((x * height) + y) * channels) + channel] = values[i];
        }

        return result;
    }
}
