using Fovea.Models;

namespace Fovea.Training;

/// <summary>One batch: images [count, C, H, W] and their classes. Its arrays are written again once the next but few batch is asked for.</summary>
/// <param name="Images">The images, of which the first <paramref name="Count"/> count.</param>
/// <param name="Targets">The class of each.</param>
/// <param name="Count">The number of images.</param>
/// <param name="Share">How much of itself an image has kept in <see cref="MixUp"/>; 1 where nothing was mixed.</param>
internal sealed record Batch(float[] Images, int[] Targets, int Count, float Share = 1);

/// <summary>
/// Reads a data set in batches, a few of them ahead on worker threads. Augmentation depends only on the seed, the epoch and the image, so batches are
/// the same however many threads there are and wherever in an epoch the reading starts.
/// </summary>
internal sealed class BatchLoader(Dataset dataset, int batchSize)
{
    private const int LeastAhead = 4;

    // Streams of random numbers that are no image's.
    private const int OrderStream = -1, MixUpStream = -2;

    // Batches are read by one thread each, so that all cores can be at it.
    private static readonly int Ahead = Math.Max(LeastAhead, Environment.ProcessorCount);

    private readonly int imageSize = (int)dataset.Preprocessing.Shape.Size;

    /// <summary>Whole batches in an epoch; the few images that are left over are other ones in each epoch.</summary>
    public int BatchesPerEpoch => dataset.Count / batchSize;

    /// <summary>
    /// The batches from one of an epoch's on, and those of the epochs after it without an end: shuffled, augmented, all of the same size. The next
    /// epoch is read ahead while the caller is busy between the two.
    /// </summary>
    public IEnumerable<Batch> Epochs(long seed, int epoch, int firstBatch, Augmentation augmentation)
    {
        var augmenter = new Augmenter(augmentation, dataset.Preprocessing);
        var (drawn, order) = (0, Array.Empty<int>());
        return Prefetched(firstBatch, int.MaxValue, number =>
        {
            int now = epoch + number / BatchesPerEpoch, batch = number % BatchesPerEpoch;
            if (now != drawn)
            {
                (drawn, order) = (now, new SeededRandom(seed, now, OrderStream).Permutation(dataset.Count));
            }

            var images = order.AsMemory(batch * batchSize, batchSize);
            return slot =>
            {
                var mixing = new SeededRandom(seed, now, MixUpStream, batch);
                float share = MixUp.Share(augmentation.MixUp, ref mixing);
                Fill(slot, images, (image, tensor) =>
                {
                    var random = new SeededRandom(seed, now, image);
                    augmenter.Apply(dataset.Image(image), ref random, tensor);
                });
                MixUp.Mix(slot.Images, imageSize, share);
                return slot with { Count = batchSize, Share = share };
            };
        });
    }

    /// <summary>All images in their order, as they are; the last batch may be smaller.</summary>
    public IEnumerable<Batch> InOrder()
    {
        var order = Enumerable.Range(0, dataset.Count).ToArray();
        return Prefetched(0, (dataset.Count + batchSize - 1) / batchSize, batch => slot =>
            Fill(slot, order.AsMemory(batch * batchSize, Math.Min(batchSize, dataset.Count - batch * batchSize)), dataset.Read));
    }

    private delegate void ReadImage(int image, Span<float> tensor);

    // What a batch is made of is decided here, in their order; made it is on a worker thread.
    private IEnumerable<Batch> Prefetched(int first, int end, Func<int, Func<Batch, Batch>> prepare)
    {
        var slots = Enumerable.Range(0, Ahead).Select(_ => new Batch(new float[batchSize * imageSize], new int[batchSize], 0)).ToArray();
        var reading = new Task<Batch>[Ahead];
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

    private Batch Fill(Batch slot, ReadOnlyMemory<int> images, ReadImage read)
    {
        for (int i = 0; i < images.Length; i++)
        {
            int image = images.Span[i];
            slot.Targets[i] = dataset.Targets[image];
            read(image, slot.Images.AsSpan(i * imageSize, imageSize));
        }

        return slot with { Count = images.Length };
    }
}
