using System.Runtime.InteropServices;

namespace Fovea.Models;

/// <summary>
/// A constant: element type, shape and little-endian bytes, held once. The bytes come from a file, from memory the
/// caller gives, or from a function that draws them when they are first asked for, so that a network can be
/// described, summarised and differentiated without its weights.
/// </summary>
public sealed class Tensor
{
    private readonly Lazy<ReadOnlyMemory<byte>> bytes;
    private readonly Action<Span<float>>? draw;

    private Tensor(ElementType type, Shape shape, Lazy<ReadOnlyMemory<byte>> bytes, Action<Span<float>>? draw = null) => (Type, Shape, this.bytes, this.draw) = (type, shape, bytes, draw);

    /// <summary>A tensor over bytes that exist already; they are not copied.</summary>
    /// <exception cref="FoveaException">Their number does not fit the shape, or the elements have no fixed size.</exception>
    public Tensor(ElementType type, Shape shape, ReadOnlyMemory<byte> bytes)
        : this(type, shape, new Lazy<ReadOnlyMemory<byte>>(bytes))
    {
        if (bytes.Length != ByteLength)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"A {type} tensor of shape {shape} takes {ByteLength} bytes, not {bytes.Length}.");
        }
    }

    /// <summary>The type of the elements.</summary>
    public ElementType Type { get; }

    /// <summary>The dimensions; none is free.</summary>
    public Shape Shape { get; }

    /// <summary>The size in bytes, known without drawing the elements.</summary>
    public long ByteLength => Shape.Size * Type.SizeOf();

    /// <summary>The elements, row-major and little-endian.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes.Value;

    /// <summary>The elements of a float tensor.</summary>
    public ReadOnlySpan<float> Floats => As<float>(ElementType.Float);

    /// <summary>The elements of an int64 tensor.</summary>
    public ReadOnlySpan<long> Int64s => As<long>(ElementType.Int64);

    /// <summary>The elements of an int32 tensor.</summary>
    public ReadOnlySpan<int> Int32s => As<int>(ElementType.Int32);

    /// <summary>A float tensor whose elements <paramref name="draw"/> writes when they are first needed.</summary>
    public static Tensor Drawn(Shape shape, Action<Span<float>> draw) => new(ElementType.Float, shape, new Lazy<ReadOnlyMemory<byte>>(() =>
    {
        var memory = GC.AllocateUninitializedArray<byte>(checked((int)(shape.Size * sizeof(float))), pinned: true);
        draw(MemoryMarshal.Cast<byte, float>(memory.AsSpan()));
        return memory;
    }), draw);

    /// <summary>Writes the elements of a float tensor to other memory; those that were not needed yet are drawn there, and not held here.</summary>
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

    /// <summary>A float tensor with these elements.</summary>
    public static Tensor Of(Shape shape, params ReadOnlySpan<float> values) => new(ElementType.Float, shape, Copy(values));

    /// <summary>A float scalar.</summary>
    public static Tensor Scalar(float value) => Of(Shape.Scalar, value);

    /// <summary>A vector of int64, as axes and shapes are given.</summary>
    public static Tensor Of(params ReadOnlySpan<long> values) => new(ElementType.Int64, new Shape(values.Length), Copy(values));

    /// <summary>A vector of int32.</summary>
    public static Tensor OfInt32(params ReadOnlySpan<int> values) => new(ElementType.Int32, new Shape(values.Length), Copy(values));

    private static byte[] Copy<T>(ReadOnlySpan<T> values)
        where T : unmanaged => MemoryMarshal.AsBytes(values).ToArray();

    private ReadOnlySpan<T> As<T>(ElementType expected)
        where T : unmanaged => Type == expected
        ? MemoryMarshal.Cast<byte, T>(Bytes.Span)
        : throw new FoveaException(ErrorCode.BadModelFile, $"Expected a tensor of {expected}, found {Type}.");
}
