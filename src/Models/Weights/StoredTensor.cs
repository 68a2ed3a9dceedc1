using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Fovea.Models;

/// <summary>A tensor as a file of weights holds it: elements of a storage, which other tensors may share, found by strides.</summary>
internal sealed record StoredTensor
{
    private readonly ReadOnlyMemory<byte> storage;
    private readonly long offset;
    private readonly ImmutableArray<long> strides;

    /// <summary>Elements at <paramref name="offset"/> and by <paramref name="strides"/>, both counted in elements.</summary>
    /// <exception cref="FoveaException">They reach outside the storage.</exception>
    public StoredTensor(ElementType type, Shape shape, ReadOnlyMemory<byte> storage, long offset, ImmutableArray<long> strides)
    {
        (Type, Shape, this.storage, this.offset, this.strides) = (type, shape, storage, offset, strides);
        Int128 last = offset;
        bool fits = offset >= 0 && strides.Length == shape.Rank && shape.Dimensions.Aggregate((Int128)1, (size, d) => d < 0 || size > int.MaxValue ? int.MaxValue : size * d) <= int.MaxValue / type.SizeOf();
        for (int axis = 0; fits && axis < shape.Rank; axis++)
        {
            fits = strides[axis] >= 0;
            last += (Int128)Math.Max(0, shape[axis] - 1) * strides[axis];
        }

        if (!fits || (!shape.Dimensions.Contains(0) && last >= storage.Length / type.SizeOf()))
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"a tensor {shape} at {offset} with strides [{string.Join(", ", strides)}] reaches outside its storage of {storage.Length / type.SizeOf()} elements.");
        }
    }

    /// <summary>Elements one after the other.</summary>
    public StoredTensor(ElementType type, Shape shape, ReadOnlyMemory<byte> bytes)
        : this(type, shape, bytes, 0, RowMajor(shape))
    {
    }

    /// <summary>The type of the elements.</summary>
    public ElementType Type { get; }

    /// <summary>The dimensions.</summary>
    public Shape Shape { get; }

    /// <summary>Whether the elements are numbers that become floats: exactly, and doubles by rounding to the nearest.</summary>
    public bool IsFloat => Type is ElementType.Float or ElementType.Float16 or ElementType.BFloat16 or ElementType.Double;

    /// <summary>The same as floats: the storage's own memory where it holds them so, else converted when they are first needed.</summary>
    public Tensor ToFloats() => Type == ElementType.Float && IsRowMajor
        ? new Tensor(Type, Shape, storage.Slice((int)offset * sizeof(float), (int)Shape.Size * sizeof(float)))
        : Tensor.Drawn(Shape, CopyTo);

    // The stride of an axis of one element is never walked, so any will do.
    private bool IsRowMajor => RowMajor(Shape).Zip(strides, Shape.Dimensions).All(axis => axis.First == axis.Second || axis.Third <= 1);

    private static ImmutableArray<long> RowMajor(Shape shape)
    {
        var strides = new long[shape.Rank];
        UInt128 stride = 1;
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = (long)UInt128.Min(stride, long.MaxValue);
            stride = UInt128.Min(stride * (UInt128)Math.Max(1, shape[axis]), long.MaxValue);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(strides);
    }

    private void CopyTo(Span<float> floats)
    {
        var elements = storage.Span;
        var index = new int[Shape.Rank];
        long place = offset;
        foreach (ref float value in floats)
        {
            value = Element(elements, (int)place);
            for (int axis = index.Length - 1; axis >= 0; axis--)
            {
                place += strides[axis];
                if (++index[axis] < Shape[axis])
                {
                    break;
                }

                place -= strides[axis] * index[axis];
                index[axis] = 0;
            }
        }
    }

    private float Element(ReadOnlySpan<byte> elements, int index) => Type switch
    {
        ElementType.Float => BinaryPrimitives.ReadSingleLittleEndian(elements[(index * 4)..]),
        ElementType.Float16 => (float)BinaryPrimitives.ReadHalfLittleEndian(elements[(index * 2)..]),
        ElementType.BFloat16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(elements[(index * 2)..]) << 16),
        ElementType.Double => (float)BinaryPrimitives.ReadDoubleLittleEndian(elements[(index * 8)..]),
        _ => throw new InvalidOperationException($"{Type} is no kind of float."),
    };
}
