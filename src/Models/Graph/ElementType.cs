namespace Fovea.Models;

/// <summary>The type of a tensor's elements, numbered as in the ONNX file format (TensorProto.DataType).</summary>
public enum ElementType
{
    /// <summary>Not known, as for a value of a foreign operator.</summary>
    Unknown = 0,

    /// <summary>32-bit IEEE float: weights, activations, gradients.</summary>
    Float = 1,

    /// <summary>8-bit unsigned integer.</summary>
    UInt8 = 2,

    /// <summary>8-bit signed integer.</summary>
    Int8 = 3,

    /// <summary>16-bit unsigned integer.</summary>
    UInt16 = 4,

    /// <summary>16-bit signed integer.</summary>
    Int16 = 5,

    /// <summary>32-bit signed integer.</summary>
    Int32 = 6,

    /// <summary>64-bit signed integer: shapes, axes, indices.</summary>
    Int64 = 7,

    /// <summary>Truth value, one byte each.</summary>
    Bool = 9,

    /// <summary>16-bit IEEE float.</summary>
    Float16 = 10,

    /// <summary>64-bit IEEE float.</summary>
    Double = 11,

    /// <summary>The upper half of a 32-bit float (bfloat16).</summary>
    BFloat16 = 16,
}

/// <summary>Facts about element types.</summary>
public static class ElementTypes
{
    /// <summary>Bytes that one element takes.</summary>
    /// <exception cref="FoveaException">The type has no fixed size here (strings, complex numbers).</exception>
    public static int SizeOf(this ElementType type) => type switch
    {
        ElementType.UInt8 or ElementType.Int8 or ElementType.Bool => 1,
        ElementType.UInt16 or ElementType.Int16 or ElementType.Float16 or ElementType.BFloat16 => 2,
        ElementType.Float or ElementType.Int32 => 4,
        ElementType.Int64 or ElementType.Double => 8,
        _ => throw new FoveaException(ErrorCode.BadModelFile, $"Tensors of element type {(int)type} are not supported; expected numbers or truth values."),
    };
}
