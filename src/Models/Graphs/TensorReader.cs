using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fovea.Models.Errors;
using Fovea.Models.Onnx;
using Google.Protobuf.Collections;

namespace Fovea.Models.Graphs;

/// <summary>Converts the tensors, attributes and types of a parsed ONNX message.</summary>
/// <param name="folder">
/// The folder of the file; <c>null</c> if the content does not come from a file, so that tensors in other files are refused.
/// </param>
internal sealed class TensorReader(string? folder)
{
    private SparseTensors? sparse;

    /// <summary>The tensors that were read from other files.</summary>
    public ExternalTensors External { get; } = new(folder);

    /// <summary>The element type and shape that the file declares for a value; both unknown if it declares none.</summary>
    public static (ElementType Type, Shape Shape) TypeOf(TypeProto? type) => type?.TensorType is { } tensor
        ? ((ElementType)tensor.ElemType, ShapeOf(tensor.Shape))
        : (ElementType.Unknown, Shape.Unknown);

    private static Shape ShapeOf(TensorShapeProto? shape) => shape is null
        ? Shape.Unknown
        : new Shape([.. shape.Dim.Select(d => d.DimValue > 0 ? Dimension(d.DimValue) : Shape.Free)]);

    private static int Dimension(long value) => value is >= 0 and <= int.MaxValue
        ? (int)value
        : throw new FoveaException(ErrorCode.BadModelFile, $"a dimension is {value}; expected 0 to {int.MaxValue}.");

    /// <summary>The dimensions of a tensor.</summary>
    /// <exception cref="FoveaException">A dimension is negative or exceeds 32 bits.</exception>
    public static Shape Dimensions(TensorProto tensor) => new([.. tensor.Dims.Select(Dimension)]);

    /// <summary>Reads a tensor of numbers.</summary>
    /// <exception cref="FoveaException">The number of bytes does not fit the shape, or the other file cannot be read.</exception>
    public Tensor Read(TensorProto tensor)
    {
        var (type, shape) = ((ElementType)tensor.DataType, Dimensions(tensor));
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
        {
            return new Tensor(type, shape, External.Read(tensor, checked(shape.Size * type.SizeOf())));
        }

        return new Tensor(type, shape, tensor.RawData.Length > 0 ? tensor.RawData.Memory : TypedData(tensor, type));
    }

    /// <summary>Reads a sparse tensor as an ordinary one.</summary>
    /// <exception cref="FoveaException">The tensor is damaged, or the sparse tensors of the file are too large.</exception>
    public Tensor Read(SparseTensorProto tensor) => (sparse ??= new(Read)).Dense(tensor);

    // A tensor without raw bytes has its elements in a list per type. Small integers, booleans and 16-bit floats are stored as one int32
    // each.
    private static byte[] TypedData(TensorProto tensor, ElementType type) => type switch
    {
        ElementType.Float => Bytes(tensor.FloatData, x => x),
        ElementType.Double => Bytes(tensor.DoubleData, x => x),
        ElementType.Int64 => Bytes(tensor.Int64Data, x => x),
        ElementType.Int32 => Bytes(tensor.Int32Data, x => x),
        _ when type.SizeOf() == 2 => Bytes(tensor.Int32Data, x => (ushort)x),
        _ => Bytes(tensor.Int32Data, x => (byte)x),
    };

    private static byte[] Bytes<TFrom, TTo>(RepeatedField<TFrom> elements, Func<TFrom, TTo> convert)
        where TTo : unmanaged
    {
        var bytes = new byte[elements.Count * Unsafe.SizeOf<TTo>()];
        var typed = MemoryMarshal.Cast<byte, TTo>(bytes.AsSpan());
        for (int i = 0; i < typed.Length; i++)
        {
            typed[i] = convert(elements[i]);
        }

        return bytes;
    }

    /// <summary>Reads an attribute; the types are those of <see cref="Node.Attributes"/>.</summary>
    /// <exception cref="FoveaException">The attribute has an unsupported type.</exception>
    public object Read(AttributeProto attribute) => attribute.Type switch
    {
        AttributeProto.Types.AttributeType.Float => attribute.F,
        AttributeProto.Types.AttributeType.Int => attribute.I,
        AttributeProto.Types.AttributeType.String => attribute.S.ToStringUtf8(),
        AttributeProto.Types.AttributeType.Tensor when attribute.T is { DataType: (int)ElementType.Text } =>
            attribute.T.StringData.Select(text => text.ToStringUtf8()).ToArray(),
        AttributeProto.Types.AttributeType.Tensor when attribute.T is not null => Read(attribute.T),
        AttributeProto.Types.AttributeType.SparseTensor when attribute.SparseTensor is not null =>
            Read(attribute.SparseTensor),
        AttributeProto.Types.AttributeType.Floats => attribute.Floats.ToArray(),
        AttributeProto.Types.AttributeType.Ints => attribute.Ints.ToArray(),
        AttributeProto.Types.AttributeType.Strings => attribute.Strings.Select(s => s.ToStringUtf8()).ToArray(),
        _ => throw new FoveaException(
            ErrorCode.BadModelFile,
            $"the attribute {attribute.Name} is of the unsupported type {attribute.Type}; expected numbers, text or a tensor."),
    };
}
