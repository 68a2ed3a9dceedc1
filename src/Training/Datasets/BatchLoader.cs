using Fovea.Models.Errors;
using Fovea.Models.Layers;

namespace Fovea.Training.Datasets;

/// <summary>
/// Reads a data set in batches. Worker threads prepare several batches ahead. Augmentation depends only on the seed, the epoch and the
/// image, so the batches do not depend on the number of threads or on the batch at which reading starts.
/// </summary>
internal sealed class BatchLoader(Dataset dataset, int batchSize)
{
    private const int MinimumAhead = 4;

    // Keys of the random streams for the order and for MixUp. Each image's index, 0 or more, is the key of the image's own stream, so these
    // keys are negative.
    private const int OrderStream = -1, MixUpStream = -2;

    // One thread fills one batch, so at least as many batches as cores must be in preparation to use all cores.
    private static readonly int Ahead = Math.Max(MinimumAhead, Environment.ProcessorCount);

    private readonly int imageSize = (int)dataset.Preprocessing.Shape.Size;

    /// <summary>
    /// The number of full batches in an epoch. An epoch skips the images that do not fill a batch; the shuffle makes them different images
    /// each time.
    /// </summary>
    public int BatchesPerEpoch => dataset.Count / batchSize;

    /// <summary>
    /// Returns an endless sequence of shuffled and augmented batches of equal size, epoch after epoch. The loader reads the next epoch
    /// ahead, also while the caller validates between two epochs.
    /// </summary>
    /// <param name="seed">The seed of the order and of the augmentation.</param>
    /// <param name="epoch">The first epoch, from 1.</param>
    /// <param name="firstBatch">The first batch of that epoch, from 0.</param>
    /// <param name="augmentation">The random changes to each image.</param>
    /// <exception cref="FoveaException">An image cannot be read any more; thrown while enumerating.</exception>
    public IEnumerable<TrainingBatch> Epochs(long seed, int epoch, int firstBatch, Augmentation augmentation)
    {
        var augmenter = new Augmenter(augmentation, dataset.Preprocessing);
        var (shuffledEpoch, order) = (0, Array.Empty<int>());
        return Prefetched(firstBatch, int.MaxValue, number =>
        {
            int current = epoch + number / BatchesPerEpoch, batch = number % BatchesPerEpoch;
            if (current != shuffledEpoch)
            {
                (shuffledEpoch, order) = (current, new SeededRandom(seed, current, OrderStream).Permutation(dataset.Count));
            }

            var images = order.AsMemory(batch * batchSize, batchSize);
            return slot =>
            {
                var mixing = new SeededRandom(seed, current, MixUpStream, batch);
                float share = MixUp.Share(augmentation.MixUp, ref mixing);
                Fill(slot, images, (image, tensor) =>
                {
                    var random = new SeededRandom(seed, current, image);
                    augmenter.Apply(dataset.Image(image), ref random, tensor);
                });
                MixUp.Mix(slot.Images, imageSize, share);
                return slot with { Count = batchSize, Share = share };
            };
        });
    }

    /// <summary>Returns all images once, in the data set's order and without augmentation. The last batch may be smaller.</summary>
    /// <exception cref="FoveaException">An image cannot be read any more; thrown while enumerating.</exception>
    public IEnumerable<TrainingBatch> InOrder()
    {
        var order = Enumerable.Range(0, dataset.Count).ToArray();
        return Prefetched(0, (dataset.Count + batchSize - 1) / batchSize, batch => slot =>
            Fill(slot, order.AsMemory(batch * batchSize, Math.Min(batchSize, dataset.Count - batch * batchSize)), dataset.Read));
    }

    private delegate void ReadImage(int image, Span<float> tensor);

    // Calls prepare for each batch number, in order, on the caller's thread; the function that prepare returns fills a slot on a worker
    // thread.
    private IEnumerable<TrainingBatch> Prefetched(int first, int end, Func<int, Func<TrainingBatch, TrainingBatch>> prepare)
    {
        var slots = Enumerable.Range(0, Ahead).Select(_ => NewSlot()).ToArray();
        var reading = new Task<TrainingBatch>[Ahead];
        for (int batch = first, started = first; batch < end; batch++)
        {
            for (; started < Math.Min(end, batch + (long)Ahead); started++)
            {
                int slot = (started - first) % Ahead;
                var fill = prepare(started);
                reading[slot] = Task.Run(() => fill(slots[slot]));
            }

            yield return reading[(batch - first) % Ahead].GetAwaiter().GetResult();
        }
    }

    private TrainingBatch NewSlot() => new(
        new float[batchSize * imageSize],
        new int[batchSize],
        0,
        LabelSets: dataset.LabelSets is null ? null : new IReadOnlyList<int>[batchSize]);

    private TrainingBatch Fill(TrainingBatch slot, ReadOnlyMemory<int> images, ReadImage read)
    {
        for (int i = 0; i < images.Length; i++)
        {
            int image = images.Span[i];
            slot.Targets[i] = dataset.Targets[image];
            if (slot.LabelSets is not null)
            {
                slot.LabelSets[i] = dataset.LabelSets![image];
            }

            read(image, slot.Images.AsSpan(i * imageSize, imageSize));
        }

        return slot with { Count = images.Length };
    }
}
