using Fovea.Models;

namespace Fovea.Training.Tests;

public class BatchLoaderTests
{
    private const int BatchSize = 96;

    private static readonly Dataset Train = DatasetFolder.Open(Mnist.Folder, Mnist.Preprocessing).Train;

    private readonly BatchLoader loader = new(Train, BatchSize);

    [Fact]
    public void An_epoch_is_the_same_each_time_it_is_read()
    {
        Assert.Equal(Sums(loader.Epoch(seed: 1, epoch: 1, firstBatch: 0)), Sums(loader.Epoch(1, 1, 0)));
        Assert.NotEqual(Sums(loader.Epoch(1, 1, 0)), Sums(loader.Epoch(1, 2, 0)));
        Assert.NotEqual(Sums(loader.Epoch(1, 1, 0)), Sums(loader.Epoch(2, 1, 0)));
    }

    [Fact]
    public void An_epoch_read_from_the_middle_goes_on_as_the_whole_one() =>
        Assert.Equal(Sums(loader.Epoch(1, 3, 0)).Skip(20), Sums(loader.Epoch(1, 3, firstBatch: 20)));

    [Fact]
    public void An_epoch_holds_no_image_twice()
    {
        var wholeEpoch = loader.Epoch(1, 1, 0).SelectMany(batch => batch.Targets[..batch.Count]).ToArray();
        Assert.Equal(loader.BatchesPerEpoch * BatchSize, wholeEpoch.Length);
        foreach (int digit in Enumerable.Range(0, 10))
        {
            Assert.True(wholeEpoch.Count(t => t == digit) <= Train.Targets.Count(t => t == digit));
        }
    }

    [Fact]
    public void In_order_every_image_comes_once_and_as_it_is()
    {
        int seen = 0;
        var expected = new float[28 * 28];
        foreach (var batch in loader.InOrder())
        {
            for (int i = 0; i < batch.Count; i++, seen++)
            {
                Train.Read(seen, expected);
                Assert.Equal(Train.Targets[seen], batch.Targets[i]);
                Assert.True(expected.AsSpan().SequenceEqual(batch.Images.AsSpan(i * expected.Length, expected.Length)));
            }
        }

        Assert.Equal(Train.Count, seen);
    }

    [Fact]
    public void Augmentation_keeps_the_digit_and_moves_it()
    {
        float[] plain = new float[28 * 28], moved = new float[28 * 28];
        Train.Read(0, plain);
        var random = new SeededRandom(4);
        Affine.Transform(plain, new Shape(1, 28, 28), [0], ref random, moved);
        Assert.NotEqual(plain, moved);
        Assert.InRange(moved.Sum() / plain.Sum(), 0.6, 1.5);
        Assert.All(moved, v => Assert.InRange(v, 0, 1));
    }

    [Fact]
    public void What_comes_from_outside_the_image_has_the_colour_given()
    {
        var moved = new float[2 * 8 * 8];
        var random = new SeededRandom(4);
        Affine.Transform(new float[2 * 8 * 8], new Shape(2, 8, 8), [-1, -2], ref random, moved);
        Assert.Contains(moved[..64], v => v < -0.1);
        Assert.All(moved[..64].Zip(moved[64..]), pixel => Assert.Equal(2 * pixel.First, pixel.Second, 1e-6));
    }

    private static List<double> Sums(IEnumerable<Batch> batches) =>
        [.. batches.Select(batch => batch.Images.Select((v, i) => (double)v * (i % 101)).Sum() + batch.Targets.Select((t, i) => t * (i + 1)).Sum())];
}
