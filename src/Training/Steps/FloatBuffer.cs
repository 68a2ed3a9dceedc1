using System.Buffers;
using System.Runtime.InteropServices;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;
using TensorElementType = Microsoft.ML.OnnxRuntime.Tensors.TensorElementType;

namespace Fovea.Training.Steps;

/// <summary>
/// An array of floats outside the managed heap, initially zero, in main memory or in the memory of a device. ONNX Runtime reads and writes
/// it in place through any number of views. If it is in main memory, files are written from it without a copy.
/// </summary>
internal sealed unsafe class FloatBuffer : MemoryManager<byte>
{
    // A copy between memories goes through temporary memory of this many floats, 64 MiB, however large the buffer is.
    private const int CopyLength = 1 << 24;

    private readonly OrtValue? allocated;
    private readonly OrtMemoryInfo memoryInfo = OrtMemoryInfo.DefaultInstance;
    private readonly DeviceMemory? separate;
    private readonly float* start;
    private readonly List<OrtValue> views = [];

    /// <summary>Allocates a buffer in main memory, aligned to 64 bytes.</summary>
    /// <param name="length">The number of floats, 0 to 2^31 - 1.</param>
    /// <exception cref="OverflowException">The length does not fit into an int.</exception>
    public FloatBuffer(long length)
        : this(length, DeviceMemory.Main)
    {
    }

    /// <summary>Allocates a buffer in the memory of a device.</summary>
    /// <param name="length">The number of floats, 0 to 2^31 - 1.</param>
    /// <param name="memory">The device's memory.</param>
    /// <exception cref="OverflowException">The length does not fit into an int.</exception>
    /// <exception cref="OnnxRuntimeException">The device has too little memory.</exception>
    public FloatBuffer(long length, DeviceMemory memory)
        : this(checked((int)length), memory.IsMain ? null : memory.Allocate(Math.Max(length, 1)), memory.IsMain ? null : memory)
    {
    }

    private FloatBuffer(int length, OrtValue? allocated, DeviceMemory? separate)
    {
        (Length, this.allocated, this.separate) = (length, allocated, separate);
        if (allocated is null)
        {
            start = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1) * sizeof(float), 64);
        }
        else
        {
            memoryInfo = allocated.GetTensorMemoryInfo();
            fixed (byte* first = allocated.GetTensorMutableRawData())
            {
                start = (float*)first;
            }
        }

        if (separate is null)
        {
            Floats.Clear();
        }
        else
        {
            using var zeros = new FloatBuffer(length);
            zeros.CopyTo(this);
        }
    }

    /// <summary>The number of floats.</summary>
    public int Length { get; }

    /// <summary>Whether the buffer is in main memory, where C# can read and write it.</summary>
    public bool IsInMainMemory => separate is null;

    /// <summary>All floats of the buffer.</summary>
    /// <exception cref="InvalidOperationException">The buffer is not in main memory.</exception>
    public Span<float> Floats => new(Reachable, Length);

    private float* Reachable => separate is null
        ? start
        : throw new InvalidOperationException("The buffer is in the memory of a device; expected main memory.");

    /// <summary>Allocates a buffer in staging memory, the main memory from which a device copies fastest.</summary>
    /// <param name="length">The number of floats, 0 to 2^31 - 1.</param>
    /// <param name="memory">The memory of the device that reads the buffer.</param>
    /// <exception cref="OverflowException">The length does not fit into an int.</exception>
    public static FloatBuffer Staging(long length, DeviceMemory memory) =>
        new(checked((int)length), memory.IsMain ? null : memory.AllocateStaging(Math.Max(length, 1)), null);

    /// <summary>Returns an ONNX Runtime tensor over a part of the buffer. The buffer owns the tensor and disposes it.</summary>
    /// <param name="offset">The index of the tensor's first element.</param>
    /// <param name="shape">The tensor's shape; all dimensions are known.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tensor would end after the buffer.</exception>
    public OrtValue View(int offset, Shape shape)
    {
        var view = NewView(offset, shape);
        views.Add(view);
        return view;
    }

    /// <summary>Returns a graph's tensor over a part of the buffer, without a copy: later writes to the buffer change the tensor.</summary>
    /// <param name="offset">The index of the tensor's first element.</param>
    /// <param name="shape">The tensor's shape; all dimensions are known.</param>
    public Tensor Tensor(int offset, Shape shape) =>
        new(ElementType.Float, shape, Memory.Slice(offset * sizeof(float), checked((int)shape.Size * sizeof(float))));

    /// <summary>Copies all floats to a buffer in any memory.</summary>
    /// <param name="target">The buffer that receives the floats.</param>
    /// <param name="offset">The index in <paramref name="target"/> of the first float.</param>
    /// <exception cref="ArgumentOutOfRangeException">The floats would end after the target.</exception>
    public void CopyTo(FloatBuffer target, int offset = 0)
    {
        if ((separate ?? target.separate) is not { } memory)
        {
            Floats.CopyTo(target.Floats[offset..]);
            return;
        }

        for (int done = 0; done < Length; done += CopyLength)
        {
            var shape = new Shape(Math.Min(CopyLength, Length - done));
            using OrtValue from = NewView(done, shape), to = target.NewView(offset + done, shape);
            memory.Copy(from, to);
        }
    }

    /// <summary>Returns a copy in main memory. The caller disposes it.</summary>
    public FloatBuffer ToMainMemory()
    {
        var copy = new FloatBuffer(Length);
        CopyTo(copy);
        return copy;
    }

    public override Span<byte> GetSpan() => new(Reachable, checked(Length * sizeof(float)));

    public override MemoryHandle Pin(int elementIndex = 0) => new((byte*)Reachable + elementIndex);

    public override void Unpin()
    {
    }

    /// <summary>Frees the memory and the views. No session may be using a view.</summary>
    protected override void Dispose(bool disposing)
    {
        views.ForEach(view => view.Dispose());
        if (allocated is null)
        {
            NativeMemory.AlignedFree(start);
        }
        else
        {
            allocated.Dispose();
        }
    }

    private OrtValue NewView(int offset, Shape shape)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + shape.Size, Length);
        return OrtValue.CreateTensorValueWithData(
            memoryInfo, TensorElementType.Float, shape.ToInt64(), (nint)(start + offset), shape.Size * sizeof(float));
    }
}
