using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Training.Datasets;
using SkiaSharp;

namespace Fovea.Training.Tests.Datasets;

public sealed class ImageSampleTests : IDisposable
{
    private static readonly Preprocessing Input32 = Preprocessing.ImageNet(32);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(20, 0, 32)]
    [InlineData(19, 1, 32)]
    [InlineData(18, 2, null)]
    public void Size_is_that_of_nearly_all_images(int small, int large, int? side)
    {
        Write(small, large);
        var sample = DatasetFolder.Open(folder.Path, Input32).Sample;
        Assert.Equal(new ImageSample(side, side, IsGray: true), sample);
    }

    [Fact]
    public void Colour_is_seen_in_the_pixels_and_broken_files_are_passed_over()
    {
        Write(4, 0);
        foreach (int i in Enumerable.Range(0, 4))
        {
            using var bitmap = new SKBitmap(32, 32);
            bitmap.Erase(new SKColor(200, (byte)(10 * i), 30));
            using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
            File.WriteAllBytes(folder[$"b/colour{i}.png"], png.ToArray());
        }

        File.WriteAllText(folder["a/broken.png"], "no image");
        Assert.Equal(new ImageSample(32, 32, IsGray: false), DatasetFolder.Open(folder.Path, Input32).Sample);
    }

    [Fact]
    public void Images_of_the_inputs_size_are_neither_resized_nor_cropped()
    {
        Directory.CreateDirectory(folder["a"]);
        Directory.CreateDirectory(folder["b"]);
        var random = new SeededRandom(1);
        var pixels = new byte[32 * 32 * 3];
        foreach (var name in new[] { "a/1.png", "b/1.png" })
        {
            using var bitmap = new SKBitmap(32, 32);
            for (int i = 0; i < 32 * 32; i++)
            {
                var color = new SKColor((byte)random.Below(256), (byte)random.Below(256), (byte)random.Below(256));
                bitmap.SetPixel(i % 32, i / 32, color);
                (pixels[3 * i], pixels[(3 * i) + 1], pixels[(3 * i) + 2]) = (color.Red, color.Green, color.Blue);
            }

            using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
            File.WriteAllBytes(folder[name], png.ToArray());
        }

        var train = DatasetFolder.OpenForTraining(folder.Path, Input32).WithoutReframing().Train;
        float[] read = new float[3 * 32 * 32], expected = new float[3 * 32 * 32];
        train.Read(1, read);
        Preprocessor.Normalize(new Pixels(32, 32, 3, pixels), train.Preprocessing, expected);
        Assert.Equal(expected, read);
        Assert.Equal(Input32 with { Resize = 32 }, train.Preprocessing);
    }

    [Fact]
    public void Images_of_other_sizes_keep_the_networks_framing()
    {
        Write(0, 4);
        Assert.Equal(Input32, DatasetFolder.OpenForTraining(folder.Path, Input32).WithoutReframing().Train.Preprocessing);
    }

    [Fact]
    public void Only_the_images_that_are_looked_at_or_used_are_framed_as_digits()
    {
        var data = DatasetFolder.OpenForTraining(Mnist.Folder, Mnist.Preprocessing);
        var train = Assert.IsType<IdxDataset>(data.Train);
        Assert.Equal((5000, 500), (train.Count, train.Framed));
        var first = new BatchLoader(train, 32).Epochs(seed: 1, epoch: 1, firstBatch: 0, Augmentation.Digits).First();
        Assert.Equal(32, first.Count);
        Assert.InRange(train.Framed, 500, 500 + (32 * Math.Max(5, Environment.ProcessorCount + 1)));
    }

    [Fact]
    public void Images_that_are_no_digits_are_framed_no_further_than_it_takes_to_know()
    {
        var random = new SeededRandom(1);
        File.WriteAllBytes(
            folder["train-images-idx3-ubyte"],
            [0, 0, 8, 3, 0, 0, 3, 232, 0, 0, 0, 28, 0, 0, 0, 28, .. Enumerable.Range(0, 784_000).Select(_ => (byte)random.Below(256))]);
        File.WriteAllBytes(
            folder["train-labels-idx1-ubyte"], [0, 0, 8, 1, 0, 0, 3, 232, .. Enumerable.Range(0, 1000).Select(i => (byte)(i % 10))]);
        var framing = IdxDataset.Read(folder.Path, "train", Mnist.Preprocessing);
        Assert.False(framing.IsHandwriting());
        Assert.Equal(11, framing.Framed);

        var train = Assert.IsType<IdxDataset>(DatasetFolder.OpenForTraining(folder.Path, Mnist.Preprocessing).Train);
        Assert.Equal((1000, 0, Inversion.Never), (train.Count, train.Framed, train.Preprocessing.Invert));
    }

    private void Write(int small, int large)
    {
        for (int i = 0; i < small + large; i++)
        {
            Images.Write(folder[$"{(i % 2 == 0 ? "a" : "b")}/{i}.png"], (byte)i, i < small ? 32 : 40);
        }
    }
}
