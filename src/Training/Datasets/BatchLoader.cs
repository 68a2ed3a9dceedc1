using Fovea.Models;

namespace Fovea.Training;

/// <summary>One batch: images [count, C, H, W] and their classes. Its arrays are written again once the next but few batch is asked for.</summary>
internal sealed record Batch(float[] Images, int[] Targets, int Count);

/// <summary>
/// Reads a data set in batches, a few of them ahead on worker threads. Augmentation depends only on the seed, the epoch and the image, so batches are
/// the same however many threads there are and wherever in an epoch the reading starts.
/// </summary>
internal sealed class BatchLoader(Dataset dataset, int batchSize)
{
    private const int Ahead = 4;

    private readonly Preprocessing preprocessing = dataset.Preprocessing;
    private readonly int imageSize = (int)dataset.Preprocessing.Shape.Size;

    /// <summary>Whole batches in an epoch; the few images that are left over are other ones in each epoch.</summary>
    public int BatchesPerEpoch => dataset.Count / batchSize;

    /// <summary>The batches of an epoch from one of them on: shuffled, augmented, all of the same size.</summary>
    public IEnumerable<Batch> Epoch(long seed, int epoch, int firstBatch)
    {
        var order = new SeededRandom(seed, epoch).Permutation(dataset.Count);
        return Prefetched(firstBatch, BatchesPerEpoch, (batch, slot) => Fill(slot, order.AsMemory(batch * batchSize, batchSize), (image, tensor) =>
        {
            var random = new SeededRandom(seed, epoch, image);
            Augmented(image, ref random, tensor);
        }));
    }

    /// <summary>All images in their order, as they are; the last batch may be smaller.</summary>
    public IEnumerable<Batch> InOrder()
    {
        var order = Enumerable.Range(0, dataset.Count).ToArray();
        return Prefetched(0, (dataset.Count + batchSize - 1) / batchSize, (batch, slot) =>
            Fill(slot, order.AsMemory(batch * batchSize, Math.Min(batchSize, dataset.Count - batch * batchSize)), dataset.Read));
    }

    private delegate void ReadImage(int image, Span<float> tensor);

    private IEnumerable<Batch> Prefetched(int first, int end, Func<int, Batch, Batch> fill)
    {
        var slots = Enumerable.Range(0, Ahead).Select(_ => new Batch(new float[batchSize * imageSize], new int[batchSize], 0)).ToArray();
        var reading = slots.Select((slot, i) => Start(first + i, slot)).ToArray();
        for (int batch = first; batch < end; batch++)
        {
            int i = (batch - first) % Ahead;
            yield return reading[i].GetAwaiter().GetResult();
            reading[i] = Start(batch + Ahead, slots[i]);
        }

        Task<Batch> Start(int batch, Batch slot) => batch < end ? Task.Run(() => fill(batch, slot)) : Task.FromResult(slot);
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

    private void Augmented(int image, ref SeededRandom random, Span<float> tensor)
    {
        var plain = new float[imageSize];
        dataset.Read(image, plain);
        Span<float> black = stackalloc float[preprocessing.Channels];
        for (int c = 0; c < black.Length; c++)
        {
            black[c] = -preprocessing.Mean[c % preprocessing.Mean.Length] / preprocessing.Std[c % preprocessing.Std.Length];
        }

        Affine.Transform(plain, preprocessing.Shape, black, ref random, tensor);
    }
}
