using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Fovea.Models;

/// <summary>
/// Tensors for a batch of images, allocated once and bound to a model: images are written into its slots, and a run writes the logits behind
/// them. A batch of fewer images than an allowed size runs as that size. One run at a time.
/// </summary>
public sealed class Batch : IDisposable
{
    private readonly InferenceSession session;
    private readonly RunOptions options = new();
    private readonly bool givesProbabilities, copiesWhenBound;
    private readonly OrtAllocator? pinned;
    private readonly OrtValue images, logits;
    private readonly List<Bound> bounds = [];
    private readonly int imageSize, classes;

    internal Batch(InferenceSession session, Shape input, int classes, bool givesProbabilities, Device device, IEnumerable<int> sizes)
    {
        (this.session, this.classes, this.givesProbabilities, imageSize) = (session, classes, givesProbabilities, (int)input.Size);
        (copiesWhenBound, pinned) = (device.CopiesWhenBound, device.InputAllocator(session));
        Sizes = [.. sizes.Order()];
        images = OrtValue.CreateAllocatedTensorValue(pinned ?? OrtAllocator.DefaultInstance, TensorElementType.Float, [Capacity, .. input.ToInt64()]);
        logits = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, [Capacity, classes]);
        images.GetTensorMutableDataAsSpan<float>().Clear();
        bounds.AddRange(Sizes.Select(size => new Bound(session, size, Prefix(images, [size, .. input.ToInt64()]), Prefix(logits, [size, classes]))));
    }

    /// <summary>The sizes that are run, the smallest first; at least one.</summary>
    public IReadOnlyList<int> Sizes { get; }

    /// <summary>The most images that it takes.</summary>
    public int Capacity => Sizes[^1];

    /// <summary>Where an image is written, [C, H, W], preprocessed.</summary>
    /// <param name="index">0 to <see cref="Capacity"/> - 1.</param>
    public Span<float> Slot(int index) => images.GetTensorMutableDataAsSpan<float>().Slice(index * imageSize, imageSize);

    /// <summary>What the last run made of a slot's image; of a file that ends in a softmax, the logarithms of its probabilities.</summary>
    /// <param name="index">Less than the count of that run.</param>
    public ReadOnlySpan<float> Logits(int index) => logits.GetTensorDataAsSpan<float>().Slice(index * classes, classes);

    /// <summary>Runs the network on the images in the first slots.</summary>
    /// <param name="count">How many there are, 1 to <see cref="Capacity"/>.</param>
    /// <returns>The size that was run, at least <paramref name="count"/>.</returns>
    public int Run(int count)
    {
        var bound = bounds.First(bound => bound.Size >= count);
        if (copiesWhenBound)
        {
            bound.BindInput();
        }

        session.RunWithBinding(options, bound.Binding);
        if (givesProbabilities)
        {
            var written = logits.GetTensorMutableDataAsSpan<float>()[..(count * classes)];
            TensorPrimitives.Log(written, written);
        }

        return bound.Size;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        bounds.ForEach(bound => bound.Dispose());
        images.Dispose();
        logits.Dispose();
        pinned?.Dispose();
        options.Dispose();
    }

    // The first rows of a tensor, in the same memory.
    private static OrtValue Prefix(OrtValue whole, long[] shape)
    {
        var bytes = whole.GetTensorMutableRawData();
        unsafe
        {
            fixed (byte* start = bytes)
            {
                return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape, (nint)start, TensorPrimitives.Product<long>(shape) * sizeof(float));
            }
        }
    }

    private sealed class Bound : IDisposable
    {
        private readonly OrtValue images, logits;
        private readonly string input;

        public Bound(InferenceSession session, int size, OrtValue images, OrtValue logits)
        {
            (Size, this.images, this.logits, input) = (size, images, logits, session.InputNames[0]);
            Binding = session.CreateIoBinding();
            BindInput();
            Binding.BindOutput(session.OutputNames[0], logits);
        }

        public int Size { get; }

        public OrtIoBinding Binding { get; }

        public void BindInput() => Binding.BindInput(input, images);

        public void Dispose()
        {
            Binding.Dispose();
            images.Dispose();
            logits.Dispose();
        }
    }
}
