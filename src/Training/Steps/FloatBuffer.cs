using System.Buffers;
using System.Runtime.InteropServices;
using Fovea.Models;
using Microsoft.ML.OnnxRuntime;
using TensorElementType = Microsoft.ML.OnnxRuntime.Tensors.TensorElementType;

namespace Fovea.Training;

/// <summary>
/// Floats outside the managed heap, zero at first. ONNX Runtime reads and writes them in place through any number of views, and files take them
/// as memory, without a copy.
/// </summary>
internal sealed unsafe class FloatBuffer : MemoryManager<byte>
{
    private readonly float* start;
    private readonly List<OrtValue> views = [];

    public FloatBuffer(long length)
    {
        Length = checked((int)length);
        start = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1) * sizeof(float), 64);
        Floats.Clear();
    }

    /// <summary>The number of floats.</summary>
    public int Length { get; }

    /// <summary>All of them.</summary>
    public Span<float> Floats => new(start, Length);

    /// <summary>A tensor over part of the buffer for ONNX Runtime; it lives as long as the buffer.</summary>
    public OrtValue View(int offset, Shape shape)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + shape.Size, Length);
        var view = OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape.ToInt64(), (nint)(start + offset), shape.Size * sizeof(float));
        views.Add(view);
        return view;
    }

    /// <summary>A tensor over part of the buffer for a graph; it shows the values of the moment.</summary>
    public Tensor Tensor(int offset, Shape shape) =>
        new(ElementType.Float, shape, Memory.Slice(offset * sizeof(float), checked((int)shape.Size * sizeof(float))));

    public override Span<byte> GetSpan() => new(start, checked(Length * sizeof(float)));

    public override MemoryHandle Pin(int elementIndex = 0) => new((byte*)start + elementIndex);

    public override void Unpin()
    {
    }

    /// <summary>Frees the memory; no view may be in use.</summary>
    protected override void Dispose(bool disposing)
    {
        views.ForEach(view => view.Dispose());
        NativeMemory.AlignedFree(start);
    }
}
