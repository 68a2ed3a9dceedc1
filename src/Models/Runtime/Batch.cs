using System.Collections.Concurrent;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Fovea.Models;

/// <summary>
/// Memory for a batch of images, allocated once and bound to a model: images are written into its slots, and a run writes the logits behind them.
/// Runs of slots apart from each other may go on at the same time.
/// </summary>
public sealed unsafe class Batch : IDisposable
{
    private readonly InferenceSession session;
    private readonly InferenceSession? spread;
    private readonly RunOptions options = new();
    private readonly bool givesProbabilities, copiesWhenBound;
    private readonly OrtAllocator? pinned;
    private readonly OrtValue? pinnedImages;
    private readonly float* images, logits;
    private readonly ConcurrentDictionary<(int First, int Size, bool Spread), Bound> bounds = [];
    private readonly Shape input;
    private readonly int imageSize, classes;

    internal Batch(InferenceSession session, InferenceSession? spread, Shape input, int classes, bool givesProbabilities, Device device, bool takesAnySize, bool sparesMemory, IEnumerable<int> sizes)
    {
        (this.session, this.spread, this.input, this.classes, this.givesProbabilities, TakesAnySize) = (session, spread, input, classes, givesProbabilities, takesAnySize);
        (imageSize, copiesWhenBound, pinned) = ((int)input.Size, device.IsCuda, device.InputAllocator(session));
        Sizes = [.. sizes.Order()];
        if (sparesMemory && !device.IsCuda)
        {
            ReturnedMemory.GiveBackAfter(options);
        }

        if (pinned is not null)
        {
            pinnedImages = OrtValue.CreateAllocatedTensorValue(pinned, TensorElementType.Float, [Capacity, .. input.ToInt64()]);
            pinnedImages.GetTensorMutableDataAsSpan<float>().Clear();
            images = (float*)Start(pinnedImages);
        }
        else
        {
            // Zeroed by the system: what is never written takes no memory.
            images = (float*)NativeMemory.AllocZeroed((nuint)Capacity * (nuint)imageSize, sizeof(float));
        }

        logits = (float*)NativeMemory.AllocZeroed((nuint)Capacity * (nuint)classes, sizeof(float));
    }

    /// <summary>The sizes that a run of fewer images is filled up to, the smallest first, where it does not take any size; at least one.</summary>
    public IReadOnlyList<int> Sizes { get; }

    /// <summary>Whether as many images are run as there are. Otherwise, on CUDA and with files of one fixed size, a run begins at slot 0 and has one of <see cref="Sizes"/>.</summary>
    public bool TakesAnySize { get; }

    /// <summary>Whether one run can be spread over all processors.</summary>
    public bool Spreads => spread is not null;

    /// <summary>The most images that it takes.</summary>
    public int Capacity => Sizes[^1];

    /// <summary>Where an image is written, [C, H, W], preprocessed.</summary>
    /// <param name="index">0 to <see cref="Capacity"/> - 1.</param>
    public Span<float> Slot(int index) => new(images + ((long)index * imageSize), imageSize);

    /// <summary>What the last run made of a slot's image; of a file that ends in a softmax, the logarithms of its probabilities.</summary>
    /// <param name="index">One of that run's.</param>
    public ReadOnlySpan<float> Logits(int index) => new(logits + ((long)index * classes), classes);

    /// <summary>Runs the network on the images in the first slots.</summary>
    /// <param name="count">How many there are, 1 to <see cref="Capacity"/>.</param>
    /// <returns>The size that was run, at least <paramref name="count"/>.</returns>
    public int Run(int count) => Run(0, count, spread: false);

    /// <summary>Runs the network on the images in some slots.</summary>
    /// <param name="first">The first of them; 0 where not <see cref="TakesAnySize"/>.</param>
    /// <param name="count">How many there are, at least 1.</param>
    /// <param name="spread">Whether the run is spread over all processors; only where <see cref="Spreads"/>.</param>
    /// <returns>The size that was run, at least <paramref name="count"/>.</returns>
    public int Run(int first, int count, bool spread)
    {
        int size = TakesAnySize ? count : Sizes.First(size => size >= count);
        if (!bounds.TryGetValue((first, size, spread), out var bound))
        {
            bound = bounds.GetOrAdd((first, size, spread), Bind);
        }

        if (copiesWhenBound)
        {
            bound.BindInput();
        }

        (spread ? this.spread! : session).RunWithBinding(options, bound.Binding);
        if (givesProbabilities)
        {
            var written = new Span<float>(logits + ((long)first * classes), count * classes);
            TensorPrimitives.Log(written, written);
        }

        return size;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var bound in bounds.Values)
        {
            bound.Dispose();
        }

        if (pinnedImages is null)
        {
            NativeMemory.Free(images);
        }

        NativeMemory.Free(logits);
        pinnedImages?.Dispose();
        pinned?.Dispose();
        options.Dispose();
    }

    private Bound Bind((int First, int Size, bool Spread) run) => new(
        run.Spread ? spread! : session,
        View(images + ((long)run.First * imageSize), [run.Size, .. input.ToInt64()]),
        View(logits + ((long)run.First * classes), [run.Size, classes]));

    private static OrtValue View(float* start, long[] shape) =>
        OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape, (nint)start, TensorPrimitives.Product<long>(shape) * sizeof(float));

    private static byte* Start(OrtValue tensor)
    {
        fixed (byte* start = tensor.GetTensorMutableRawData())
        {
            return start;
        }
    }

    private sealed class Bound : IDisposable
    {
        private readonly OrtValue images, logits;
        private readonly string input;

        public Bound(InferenceSession session, OrtValue images, OrtValue logits)
        {
            (this.images, this.logits, input) = (images, logits, session.InputNames[0]);
            Binding = session.CreateIoBinding();
            BindInput();
            Binding.BindOutput(session.OutputNames[0], logits);
        }

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
