using System.Runtime.InteropServices;
using Fovea.Models.Errors;

namespace Fovea.Models.Graphs;

/// <summary>
/// A constant: element type, shape and little-endian bytes. The bytes come from a file, from the caller's memory, or from a function that
/// draws random elements when they are first read. A network with such weights can be summarised and differentiated without allocating
/// memory for them.
/// </summary>
public sealed class Tensor
{
    private readonly Lazy<ReadOnlyMemory<byte>> bytes;
    private readonly Action<Span<float>>? draw;

    private Tensor(ElementType type, Shape shape, Lazy<ReadOnlyMemory<byte>> bytes, Action<Span<float>>? draw = null) =>
        (Type, Shape, this.bytes, this.draw) = (type, shape, bytes, draw);

    /// <summary>A tensor that refers to existing bytes. They are not copied, and must not be changed.</summary>
    /// <exception cref="FoveaException">The number of bytes does not fit the shape, or the element type is unsupported.</exception>
    public Tensor(ElementType type, Shape shape, ReadOnlyMemory<byte> bytes)
        : this(type, shape, new Lazy<ReadOnlyMemory<byte>>(bytes))
    {
        if (bytes.Length != ByteLength)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"A tensor {type}{shape} has {bytes.Length} bytes; expected {ByteLength}.");
        }
    }

    /// <summary>The type of the elements.</summary>
    public ElementType Type { get; }

    /// <summary>The dimensions. None of them is free.</summary>
    public Shape Shape { get; }

    /// <summary>The size in bytes, known without drawing the elements.</summary>
    public long ByteLength => Shape.Size * Type.SizeOf();

    /// <summary>The elements, row-major and little-endian. Elements that were not drawn yet are drawn and kept.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes.Value;

    /// <summary>The elements of a float tensor, row-major.</summary>
    /// <exception cref="FoveaException">The element type is not float.</exception>
    public ReadOnlySpan<float> Floats => As<float>(ElementType.Float);

    /// <summary>The elements of an int64 tensor, row-major.</summary>
    /// <exception cref="FoveaException">The element type is not int64.</exception>
    public ReadOnlySpan<long> Int64s => As<long>(ElementType.Int64);

    /// <summary>The elements of an int32 tensor, row-major.</summary>
    /// <exception cref="FoveaException">The element type is not int32.</exception>
    public ReadOnlySpan<int> Int32s => As<int>(ElementType.Int32);

    /// <summary>A float tensor. <paramref name="draw"/> is called when the elements are first read, and must write all of them.</summary>
    public static Tensor Drawn(Shape shape, Action<Span<float>> draw)
    {
        return new(ElementType.Float, shape, new Lazy<ReadOnlyMemory<byte>>(Draw), draw);

        ReadOnlyMemory<byte> Draw()
        {
            var memory = GC.AllocateUninitializedArray<byte>(checked((int)(shape.Size * sizeof(float))), pinned: true);
            draw(MemoryMarshal.Cast<byte, float>(memory.AsSpan()));
            return memory;
        }
    }

    /// <summary>
    /// Writes the elements of a float tensor to <paramref name="target"/>. Elements that were not drawn yet are drawn into <paramref
    /// name="target"/>, and the tensor does not keep a copy.
    /// </summary>
    /// <exception cref="FoveaException">The element type is not float.</exception>
    /// <exception cref="ArgumentException"><paramref name="target"/> is shorter than the tensor.</exception>
    public void CopyTo(Span<float> target)
    {
        if (draw is not null && !bytes.IsValueCreated)
        {
            draw(target[..(int)Shape.Size]);
        }
        else
        {
            Floats.CopyTo(target);
        }
    }

    /// <summary>A float tensor with a copy of these elements, row-major.</summary>
    public static Tensor Of(Shape shape, params ReadOnlySpan<float> values) => new(ElementType.Float, shape, Copy(values));

    /// <summary>A float scalar.</summary>
    public static Tensor Scalar(float value) => Of(Shape.Scalar, value);

    /// <summary>A vector of int64, the type of axes and shapes in ONNX.</summary>
    public static Tensor Of(params ReadOnlySpan<long> values) => new(ElementType.Int64, new Shape(values.Length), Copy(values));

    /// <summary>A vector of int32.</summary>
    public static Tensor OfInt32(params ReadOnlySpan<int> values) => new(ElementType.Int32, new Shape(values.Length), Copy(values));

    private static byte[] Copy<T>(ReadOnlySpan<T> values)
        where T : unmanaged => MemoryMarshal.AsBytes(values).ToArray();

    private ReadOnlySpan<T> As<T>(ElementType expected)
        where T : unmanaged => Type == expected
        ? MemoryMarshal.Cast<byte, T>(Bytes.Span)
        : throw new FoveaException(ErrorCode.BadModelFile, $"The element type of a tensor is {Type}; expected {expected}.");
}
