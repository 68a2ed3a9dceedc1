using System.Collections.Concurrent;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Fovea.Models.Graphs;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Fovea.Models.Runtime;

/// <summary>
/// Memory for a batch of images and their logits, allocated once. The caller writes images into slots. A run reads a range of slots and
/// writes their logits. Runs on ranges that do not overlap may execute at the same time, in one session or in several.
/// </summary>
public sealed unsafe class InferenceBatch : IDisposable
{
    private readonly RunOptions options = new();
    private readonly bool givesProbabilities, copiesWhenBound;
    private readonly OrtAllocator? pinned;
    private readonly OrtValue? pinnedImages;
    private readonly float* images, logits;
    private readonly ConcurrentDictionary<(ModelSession Session, int First, int Size), Bound> bounds = [];
    private readonly Shape input;
    private readonly int imageSize, classes;

    internal InferenceBatch(
        ModelSession session, Shape input, int classes, bool givesProbabilities, Device device, bool takesAnySize, bool sparesMemory,
        IEnumerable<int> sizes)
    {
        (this.input, this.classes, this.givesProbabilities, TakesAnySize) = (input, classes, givesProbabilities, takesAnySize);
        (imageSize, copiesWhenBound, pinned) = ((int)input.Size, device.IsCuda, device.InputAllocator(session.Inner));
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
            // The operating system provides zeroed pages, and a page takes no memory until it is written.
            images = (float*)NativeMemory.AllocZeroed((nuint)Capacity * (nuint)imageSize, sizeof(float));
        }

        logits = (float*)NativeMemory.AllocZeroed((nuint)Capacity * (nuint)classes, sizeof(float));
    }

    /// <summary>
    /// The batch sizes, the smallest first; at least one size. If <see cref="TakesAnySize"/> is false, a run of fewer images is filled up
    /// to the
    /// next of these sizes.
    /// </summary>
    public IReadOnlyList<int> Sizes { get; }

    /// <summary>
    /// Whether a run may have any number of images. It is false on CUDA and for networks with a fixed batch size: a run then begins at slot
    /// 0 and has one of the <see cref="Sizes"/>.
    /// </summary>
    public bool TakesAnySize { get; }

    /// <summary>The largest number of images in the batch.</summary>
    public int Capacity => Sizes[^1];

    /// <summary>The memory of one slot, to which the caller writes a preprocessed image, [C, H, W].</summary>
    /// <param name="index">The slot's index, 0 to <see cref="Capacity"/> - 1.</param>
    public Span<float> Slot(int index) => new(images + ((long)index * imageSize), imageSize);

    /// <summary>
    /// The logits of a slot's image after the last run. If the network outputs probabilities, these are the logarithms of the
    /// probabilities.
    /// </summary>
    /// <param name="index">The index of a slot of the last run.</param>
    public ReadOnlySpan<float> Logits(int index) => new(logits + ((long)index * classes), classes);

    /// <summary>Runs the network on the images in some slots.</summary>
    /// <param name="session">A session of the model that made the batch.</param>
    /// <param name="first">The first slot; 0 if <see cref="TakesAnySize"/> is false.</param>
    /// <param name="count">The number of images, 1 to <see cref="Capacity"/> - <paramref name="first"/>.</param>
    /// <returns>The batch size of the run, at least <paramref name="count"/>.</returns>
    /// <exception cref="OnnxRuntimeException">The run failed, or <see cref="Cancel"/> stopped it.</exception>
    public int Run(ModelSession session, int first, int count)
    {
        int size = SizeOf(count);
        if (!bounds.TryGetValue((session, first, size), out var bound))
        {
            bound = bounds.GetOrAdd((session, first, size), Bind);
        }

        if (copiesWhenBound)
        {
            bound.BindInput();
        }

        session.Inner.RunWithBinding(options, bound.Binding);
        if (givesProbabilities)
        {
            var written = new Span<float>(logits + ((long)first * classes), count * classes);
            TensorPrimitives.Log(written, written);
        }

        return size;
    }

    /// <summary>The batch size with which a run of this number of images is carried out.</summary>
    /// <param name="count">The number of images, 1 to <see cref="Capacity"/>.</param>
    public int SizeOf(int count) => TakesAnySize ? count : Sizes.First(size => size >= count);

    /// <summary>Stops all current and later runs of this batch before their next operator. The stopped runs throw.</summary>
    public void Cancel() => options.Terminate = true;

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

    private Bound Bind((ModelSession Session, int First, int Size) run) => new(
        run.Session.Inner,
        View(images + ((long)run.First * imageSize), [run.Size, .. input.ToInt64()]),
        View(logits + ((long)run.First * classes), [run.Size, classes]));

    private static OrtValue View(float* start, long[] shape) =>
        OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance,
            TensorElementType.Float,
            shape,
            (nint)start,
            TensorPrimitives.Product<long>(shape) * sizeof(float));

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

        // On CUDA, binding copies the input. The run must not start before the copy is complete.
        public void BindInput()
        {
            Binding.BindInput(input, images);
            Binding.SynchronizeBoundInputs();
        }

        public void Dispose()
        {
            Binding.Dispose();
            images.Dispose();
            logits.Dispose();
        }
    }
}
