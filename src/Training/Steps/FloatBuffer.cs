using System.Buffers;
using System.Runtime.InteropServices;
using Fovea.Models.Graphs;
using Microsoft.ML.OnnxRuntime;
using TensorElementType = Microsoft.ML.OnnxRuntime.Tensors.TensorElementType;

namespace Fovea.Training.Steps;

/// <summary>
/// An array of floats outside the managed heap, initially zero. ONNX Runtime reads and writes it in place through any number of views, and
/// files are written from it without a copy.
/// </summary>
internal sealed unsafe class FloatBuffer : MemoryManager<byte>
{
    private readonly float* start;
    private readonly List<OrtValue> views = [];

    /// <summary>Allocates a buffer, aligned to 64 bytes.</summary>
    /// <param name="length">The number of floats, 0 to 2^31 - 1.</param>
    /// <exception cref="OverflowException">The length does not fit into an int.</exception>
    public FloatBuffer(long length)
    {
        Length = checked((int)length);
        start = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1) * sizeof(float), 64);
        Floats.Clear();
    }

    /// <summary>The number of floats.</summary>
    public int Length { get; }

    /// <summary>All floats of the buffer.</summary>
    public Span<float> Floats => new(start, Length);

    /// <summary>Returns an ONNX Runtime tensor over a part of the buffer. The buffer owns the tensor and disposes it.</summary>
    /// <param name="offset">The index of the tensor's first element.</param>
    /// <param name="shape">The tensor's shape; all dimensions are known.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tensor would end after the buffer.</exception>
    public OrtValue View(int offset, Shape shape)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + shape.Size, Length);
        var view = OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape.ToInt64(), (nint)(start + offset), shape.Size * sizeof(float));
        views.Add(view);
        return view;
    }

    /// <summary>Returns a graph's tensor over a part of the buffer, without a copy: later writes to the buffer change the tensor.</summary>
    /// <param name="offset">The index of the tensor's first element.</param>
    /// <param name="shape">The tensor's shape; all dimensions are known.</param>
    public Tensor Tensor(int offset, Shape shape) =>
        new(ElementType.Float, shape, Memory.Slice(offset * sizeof(float), checked((int)shape.Size * sizeof(float))));

    public override Span<byte> GetSpan() => new(start, checked(Length * sizeof(float)));

    public override MemoryHandle Pin(int elementIndex = 0) => new((byte*)start + elementIndex);

    public override void Unpin()
    {
    }

    /// <summary>Frees the memory and the views. No session may be using a view.</summary>
    protected override void Dispose(bool disposing)
    {
        views.ForEach(view => view.Dispose());
        NativeMemory.AlignedFree(start);
    }
}
