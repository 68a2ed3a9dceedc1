using Fovea.Training.Datasets;

namespace Fovea.Training.Tests.Datasets;

public class BatchLoaderTests
{
    private const int BatchSize = 96;

    private static readonly Dataset Train = DatasetFolder.Open(Mnist.Folder, Mnist.Preprocessing).Train;

    private readonly BatchLoader loader = new(Train, BatchSize);

    [Fact]
    public void An_epoch_is_the_same_each_time_it_is_read()
    {
        Assert.Equal(Sums(Epoch(1, 1, 0)), Sums(Epoch(1, 1, 0)));
        Assert.NotEqual(Sums(Epoch(1, 1, 0)), Sums(Epoch(1, 2, 0)));
        Assert.NotEqual(Sums(Epoch(1, 1, 0)), Sums(Epoch(2, 1, 0)));
    }

    [Fact]
    public void An_epoch_read_from_the_middle_equals_the_rest_of_the_whole_epoch() =>
        Assert.Equal(Sums(Epoch(1, 3, 0)).Skip(20), Sums(Epoch(1, 3, 20)));

    [Fact]
    public void An_epoch_holds_no_image_twice()
    {
        var wholeEpoch = Epoch(1, 1, 0).SelectMany(batch => batch.Targets[..batch.Count]).ToArray();
        Assert.Equal(loader.BatchesPerEpoch * BatchSize, wholeEpoch.Length);
        foreach (int digit in Enumerable.Range(0, 10))
        {
            Assert.True(wholeEpoch.Count(t => t == digit) <= Train.Targets.Count(t => t == digit));
        }
    }

    [Fact]
    public void In_order_every_image_comes_once_and_unchanged()
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
    public void An_epoch_is_followed_by_the_next_one() =>
        Assert.Equal(
            [.. Sums(Epoch(1, 2, 50)), .. Sums(Epoch(1, 3, 0))],
            Sums(loader.Epochs(1, 2, 50, Augmentation.Digits).Take(2 * loader.BatchesPerEpoch - 50)));

    private IEnumerable<TrainingBatch> Epoch(long seed, int epoch, int firstBatch) =>
        loader.Epochs(seed, epoch, firstBatch, Augmentation.Digits).Take(loader.BatchesPerEpoch - firstBatch);

    private static List<double> Sums(IEnumerable<TrainingBatch> batches) =>
        [
            .. batches.Select(batch =>
                batch.Images.Select((v, i) => (double)v * (i % 101)).Sum() + batch.Targets.Select((t, i) => t * (i + 1)).Sum()),
        ];
}
