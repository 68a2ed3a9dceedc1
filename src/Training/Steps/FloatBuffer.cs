using System.Runtime.InteropServices;
using Fovea.Models;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Fovea.Training;

/// <summary>Floats outside the managed heap, zero at first, which ONNX Runtime reads and writes in place through any number of views.</summary>
internal sealed unsafe class FloatBuffer : IDisposable
{
    private readonly float* start;
    private readonly List<OrtValue> views = [];

    public FloatBuffer(long length)
    {
        Length = checked((int)length);
        nuint bytes = (nuint)length * sizeof(float);
        start = (float*)NativeMemory.AlignedAlloc(Math.Max(bytes, 64), 64);
        Span.Clear();
    }

    /// <summary>The number of floats.</summary>
    public int Length { get; }

    /// <summary>All of them.</summary>
    public Span<float> Span => new(start, Length);

    /// <summary>A tensor over part of the buffer; it lives as long as the buffer.</summary>
    public OrtValue View(int offset, Shape shape)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + shape.Size, Length);
        var view = OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape.ToInt64(), (nint)(start + offset), shape.Size * sizeof(float));
        views.Add(view);
        return view;
    }

    /// <summary>Frees the memory; no view may be in use.</summary>
    public void Dispose()
    {
        views.ForEach(view => view.Dispose());
        NativeMemory.AlignedFree(start);
    }
}
