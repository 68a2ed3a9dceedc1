using Fovea.Models.Errors;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Training.Datasets;
using Fovea.Training.Runs;

namespace Fovea.Training.Tests.Datasets;

public class AugmentationTests
{
    private const int Side = 32;

    private static readonly Preprocessing Photos = Preprocessing.ImageNet(Side) with { Resize = Side };

    public static TheoryData<string> Changes => new("none,crop=0.2", "none,flip=1", "none,rotation=20", "none,scale=0.3", "none,shift=0.2",
        "none,brightness=0.5", "none,contrast=0.5", "none,saturation=0.5", "none,hue=0.2", "none,lighting=0.5");

    [Theory, MemberData(nameof(Changes))]
    public void Each_change_depends_only_on_the_seed_and_stays_in_the_range_of_pixels(string change)
    {
        float[] plain = Apply("none", Photo(), 1), once = Apply(change, Photo(), 1), again = Apply(change, Photo(), 1);
        Assert.Equal(once, again);
        Assert.NotEqual(plain, once);
        Assert.True(change.Contains("flip", StringComparison.Ordinal) || !once.SequenceEqual(Apply(change, Photo(), 2)));
        Assert.All(Values(once), v => Assert.InRange(v, -1e-5, 1 + 1e-5));
    }

    [Fact]
    public void Without_changes_the_image_equals_that_of_evaluation()
    {
        var expected = new float[3 * Side * Side];
        Preprocessor.Normalize(Preprocessor.Fit(Photo(), Photos), Photos, expected);
        Assert.Equal(expected, Apply("none", Photo(), 1));
    }

    [Fact]
    public void A_flip_exchanges_left_and_right()
    {
        float[] plain = Apply("none", Photo(), 1), flipped = Apply("none,flip=1", Photo(), 1);
        for (int row = 0; row < 3 * Side; row++)
        {
            Assert.Equal(plain.AsSpan(row * Side, Side).ToArray().Reverse(), flipped.AsSpan(row * Side, Side).ToArray());
        }
    }

    [Fact]
    public void Shifts_alone_move_whole_pixels()
    {
        float[] plain = Apply("none", Photo(), 1);
        var moves = new HashSet<(int, int)>();
        for (int seed = 1; seed <= 200; seed++)
        {
            var shifted = Apply("none,shift=0.125", Photo(), seed);
            moves.Add(Enumerable.Range(-4, 9).SelectMany(y => Enumerable.Range(-4, 9).Select(x => (x, y)))
                .Single(move => IsMoved(plain, shifted, move.x, move.y)));
        }

        Assert.Equal([-4, -3, -2, -1, 0, 1, 2, 3, 4], moves.Select(move => move.Item1).Distinct().Order());

        // Whether `to` is `from` moved by x and y: all pixels that stay inside the image have the same value at their new place.
        static bool IsMoved(float[] from, float[] to, int x, int y) => Enumerable.Range(0, Side * Side).All(i =>
            (uint)((i % Side) - x) >= Side || (uint)((i / Side) - y) >= Side || to[i] == from[i - (y * Side) - x]);
    }

    [Theory]
    [InlineData("brightness=0.4")]
    [InlineData("contrast=0.4")]
    [InlineData("saturation=0.4")]
    [InlineData("hue=0.3")]
    public void Changes_of_colour_keep_grey_grey(string change)
    {
        double[] red = Values(Apply($"none,{change}", Grey(), 3)), plain = Values(Apply("none", Grey(), 3));
        for (int i = 0; i < Side * Side; i++)
        {
            Assert.Equal(red[i], red[i + Side * Side], 1e-3);
            Assert.Equal(red[i], red[i + 2 * Side * Side], 1e-3);
        }

        bool touchesGrey = change.StartsWith("brightness", StringComparison.Ordinal)
            || change.StartsWith("contrast", StringComparison.Ordinal);
        Assert.Equal(touchesGrey, plain.Zip(red).Any(p => Math.Abs(p.First - p.Second) > 0.01));
    }

    [Fact]
    public void Brightness_multiplies_and_contrast_keeps_the_mean()
    {
        double[] plain = Values(Apply("none", Grey(), 5));
        double[] brighter = Values(Apply("none,brightness=0.2", Grey(), 5));
        double[] starker = Values(Apply("none,contrast=0.2", Grey(), 5));
        double factor = brighter.Average() / plain.Average();
        Assert.InRange(factor, 0.8, 1.2);
        Assert.All(plain.Zip(brighter), p => Assert.Equal(Math.Min(1, p.First * factor), p.Second, 1e-3));
        Assert.Equal(plain.Average(), starker.Average(), 1e-3);
    }

    [Fact]
    public void Colours_change_equally_for_RGB_and_BGR()
    {
        const string Change = "none,brightness=0.3,contrast=0.3,saturation=0.3,hue=0.1,lighting=0.2";
        var bgr = Photos with { Color = ColorOrder.Bgr, Mean = [.. Photos.Mean.Reverse()], Std = [.. Photos.Std.Reverse()] };
        float[] expected = Apply(Change, Photo(), 7), reversed = Apply(Change, Photo(), 7, bgr);
        Assert.Equal(expected, [.. reversed.Chunk(Side * Side).Reverse().SelectMany(plane => plane)], (a, b) => Math.Abs(a - b) < 1e-4);
    }

    [Fact]
    public void A_crop_lies_in_the_image_and_has_the_requested_share()
    {
        var random = new SeededRandom(1);
        foreach (var image in new[] { Photo(), new Pixels(1, 200, 1, new byte[200]), new Pixels(200, 3, 1, new byte[600]) })
        {
            for (int i = 0; i < 200; i++)
            {
                var part = RandomCrop.Draw(image, 0.5, ref random);
                Assert.True(
                    part is { X: >= 0, Y: >= 0, Width: >= 1, Height: >= 1 }
                        && part.X + part.Width <= image.Width
                        && part.Y + part.Height <= image.Height,
                    $"{part}");
                Assert.True(
                    image.Width < 10 || image.Height < 10 || part.Width * part.Height >= 0.48 * image.Width * image.Height, $"{part}");
            }
        }
    }

    [Fact]
    public void Mixed_images_have_targets_mixed_in_the_same_proportion()
    {
        float[] images = [1, 1, 2, 2, 4, 4], rows = new float[3 * 5];
        MixUp.Mix(images, 2, 0.75f);
        Assert.Equal([1.75f, 1.75f, 2, 2, 3.25f, 3.25f], images);
        TargetRows.Write(new TrainingBatch(images, [0, 1, 4], 3, 0.75f), smoothing: 0.1, rows);
        Assert.Equal(
            [0.695f, 0.02f, 0.02f, 0.02f, 0.245f, 0.02f, 0.92f, 0.02f, 0.02f, 0.02f, 0.245f, 0.02f, 0.02f, 0.02f, 0.695f],
            rows,
            (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(1)]
    public void The_shares_of_mixup_follow_a_beta_distribution(double alpha)
    {
        var random = new SeededRandom(1);
        var shares = Enumerable.Range(0, 20_000).Select(_ => (double)MixUp.Share(alpha, ref random)).ToArray();
        Assert.Equal(0.5, shares.Average(), 0.01);
        Assert.Equal(1 / (4 * (2 * alpha + 1)), shares.Average(s => (s - 0.5) * (s - 0.5)), 0.005);
    }

    [Theory]
    [InlineData("photos", "none,crop=0.25,flip=0.5,brightness=0.2,contrast=0.2,saturation=0.2,hue=0.02")]
    [InlineData("small", "none,flip=0.5,shift=0.125")]
    [InlineData("small-gray", "none,flip=0.5")]
    [InlineData("digits,rotation=5,mixup=0.2", "none,rotation=5,scale=0.15,shift=0.08,mixup=0.2")]
    public void A_preset_with_numbers_after_it_is_read(string text, string all)
    {
        Assert.Equal(all, Augmentation.Parse(text).ToString());
        Assert.Equal(Augmentation.Parse(text), Augmentation.Parse(all));
    }

    [Theory]
    [InlineData("dream", "The augmentation is dream; expected")]
    [InlineData("photos,flip=2", "flip=2;")]
    [InlineData("photos,flip=NaN", "flip=NaN;")]
    [InlineData("photos,blur=1", "blur=1;")]
    public void An_unknown_or_out_of_range_augmentation_is_named(string text, string named) =>
        Assert.Contains(named, Assert.Throws<FoveaException>(() => Augmentation.Parse(text)).Message, StringComparison.Ordinal);

    private static float[] Apply(string augmentation, Pixels image, long seed, Preprocessing? preprocessing = null)
    {
        var tensor = new float[3 * Side * Side];
        var random = new SeededRandom(seed);
        new Augmenter(Augmentation.Parse(augmentation), preprocessing ?? Photos).Apply(image, ref random, tensor);
        return tensor;
    }

    private static Pixels Photo()
    {
        var random = new SeededRandom(9);
        return new(64, 48, 3, [.. Enumerable.Range(0, 64 * 48 * 3).Select(i => (byte)((i / 5 + random.Below(60)) % 200 + 20))]);
    }

    private static Pixels Grey() => new(Side, Side, 3, [.. Enumerable.Range(0, Side * Side * 3).Select(i => (byte)(i / 3 % 100 + 50))]);

    // Returns the numbers of the tensor as fractions of a pixel's range.
    private static double[] Values(float[] tensor) =>
        [.. tensor.Select((v, i) => (double)v * Photos.Std[i / (Side * Side)] + Photos.Mean[i / (Side * Side)])];
}
