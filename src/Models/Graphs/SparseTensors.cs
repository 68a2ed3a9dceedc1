using Fovea.Models.Errors;
using Fovea.Models.Onnx;

namespace Fovea.Models.Graphs;

/// <summary>
/// Writes the sparse tensors of a file, which hold only the elements that are not 0, as ordinary tensors, because no other part of Fovea
/// and few operators of ONNX Runtime know sparse ones.
/// </summary>
/// <param name="read">Reads a tensor of the file.</param>
internal sealed class SparseTensors(Func<TensorProto, Tensor> read)
{
    // Sparse tensors can be much larger than their file, and a tensor in a loop may be written once for each repetition. So all ordinary
    // tensors together have at most 256 MiB.
    private const long MostBytes = 256L << 20;

    private long bytesLeft = MostBytes;

    /// <summary>The ordinary tensor.</summary>
    /// <param name="sparse">The shape, the elements, and either the row-major place of each or its index along each axis.</param>
    /// <exception cref="FoveaException">
    /// An index is outside of the tensor, or the ordinary tensors of the file have more than 256 MiB together.
    /// </exception>
    public Tensor Dense(SparseTensorProto sparse)
    {
        var name = sparse.Values?.Name ?? "";
        var shape = new Shape([.. sparse.Dims.Select(d => d is >= 0 and <= int.MaxValue ? (int)d : throw Damaged(name, "a dimension"))]);
        if (sparse.Values is null || sparse.Indices is null)
        {
            throw Damaged(name, "the lack of elements or indices");
        }

        var (values, indices) = (read(sparse.Values), read(sparse.Indices));
        int size = values.Type.SizeOf(), count = (int)values.Shape.Size;
        long total = shape.Dimensions.Aggregate(1L, (product, d) => Math.Min(MostBytes + 1, product * d));
        bool isFlat = indices.Shape.Rank == 1;
        if (total * size > bytesLeft)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"the sparse tensor {name} {shape} brings the sparse tensors of the file to more than {MostBytes >> 20} MiB; expected at "
                + "most that, written as ordinary tensors and once for each repetition of a loop.");
        }

        if (size == 0 || indices.Type != ElementType.Int64
            || indices.Shape.Size != (isFlat ? count : (long)count * shape.Rank))
        {
            throw Damaged(name, $"its size {shape} or its number of indices");
        }

        bytesLeft -= total * size;
        var bytes = new byte[total * size];
        var places = indices.Int64s;
        for (int i = 0; i < count; i++)
        {
            long place = isFlat ? places[i] : Place(places.Slice(i * shape.Rank, shape.Rank), shape);
            if (place < 0 || place >= total)
            {
                throw Damaged(name, $"its index {place}");
            }

            values.Bytes.Span.Slice(i * size, size).CopyTo(bytes.AsSpan((int)place * size));
        }

        return new Tensor(values.Type, shape, bytes);
    }

    private static long Place(ReadOnlySpan<long> index, Shape shape)
    {
        long place = 0;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (index[axis] < 0 || index[axis] >= shape[axis])
            {
                return -1;
            }

            place = (place * shape[axis]) + index[axis];
        }

        return place;
    }

    private static FoveaException Damaged(string name, string what) => new(
        ErrorCode.BadModelFile,
        $"the sparse tensor {name} is damaged by {what}; expected one index for each element, inside of the tensor.");
}
