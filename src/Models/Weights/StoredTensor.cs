using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Weights;

/// <summary>
/// A tensor as a weights file stores it: a strided view of a storage, which several tensors may share. The position of the element with the
/// indices i is offset + the sum of i[axis] * strides[axis], counted in elements.
/// </summary>
internal sealed record StoredTensor
{
    private readonly ReadOnlyMemory<byte> storage;
    private readonly long offset;
    private readonly ImmutableArray<long> strides;

    /// <summary>A view of a storage. The bytes are not copied.</summary>
    /// <param name="type">The type of the storage's elements.</param>
    /// <param name="shape">The dimensions.</param>
    /// <param name="storage">The storage's bytes, little-endian.</param>
    /// <param name="offset">The position of the first element, in elements.</param>
    /// <param name="strides">The distance between neighbours along each axis, in elements, at least 0.</param>
    /// <exception cref="FoveaException">
    /// The view reaches outside the storage, or exceeds 2 GiB. The message does not contain the path; the caller adds it.
    /// </exception>
    public StoredTensor(ElementType type, Shape shape, ReadOnlyMemory<byte> storage, long offset, ImmutableArray<long> strides)
    {
        (Type, Shape, this.storage, this.offset, this.strides) = (type, shape, storage, offset, strides);
        Int128 last = offset;
        var size = shape.Dimensions.Aggregate((Int128)1, (size, d) => d < 0 || size > int.MaxValue ? int.MaxValue : size * d);
        bool fits = offset >= 0 && strides.Length == shape.Rank && size <= int.MaxValue / type.SizeOf();
        for (int axis = 0; fits && axis < shape.Rank; axis++)
        {
            fits = strides[axis] >= 0;
            last += (Int128)Math.Max(0, shape[axis] - 1) * strides[axis];
        }

        if (!fits || (!shape.Dimensions.Contains(0) && last >= storage.Length / type.SizeOf()))
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"a tensor {shape} at {offset} with strides [{string.Join(", ", strides)}] reaches outside its storage of "
                + $"{storage.Length / type.SizeOf()} elements.");
        }
    }

    /// <summary>A row-major tensor that fills its storage.</summary>
    public StoredTensor(ElementType type, Shape shape, ReadOnlyMemory<byte> bytes)
        : this(type, shape, bytes, 0, RowMajor(shape))
    {
    }

    /// <summary>The type of the elements.</summary>
    public ElementType Type { get; }

    /// <summary>The dimensions.</summary>
    public Shape Shape { get; }

    /// <summary>
    /// Whether <see cref="ToFloats"/> supports the element type. Doubles are rounded to the nearest float; the other types convert exactly.
    /// </summary>
    public bool IsFloat => Type is ElementType.Float or ElementType.Float16 or ElementType.BFloat16 or ElementType.Double;

    /// <summary>
    /// The tensor as floats. Row-major floats are not copied: the result refers to the storage. Other elements are converted when they are
    /// first read.
    /// </summary>
    public Tensor ToFloats() => Type == ElementType.Float && IsRowMajor
        ? new Tensor(Type, Shape, storage.Slice((int)offset * sizeof(float), (int)Shape.Size * sizeof(float)))
        : Tensor.Drawn(Shape, CopyTo);

    // The stride of an axis with one element is never used, so it may have any value.
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
        long position = offset;
        foreach (ref float value in floats)
        {
            value = Element(elements, (int)position);
            for (int axis = index.Length - 1; axis >= 0; axis--)
            {
                position += strides[axis];
                if (++index[axis] < Shape[axis])
                {
                    break;
                }

                position -= strides[axis] * index[axis];
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
        _ => throw new InvalidOperationException($"The element type of a tensor is {Type}; expected Float, Float16, BFloat16 or Double."),
    };
}
