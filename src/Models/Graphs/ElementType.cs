using Fovea.Models.Errors;

namespace Fovea.Models.Graphs;

/// <summary>The type of a tensor's elements, with the numbers of the ONNX file format (TensorProto.DataType).</summary>
public enum ElementType
{
    /// <summary>The type is not known, for example after an operator without a shape rule.</summary>
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

    /// <summary>Text. No <see cref="Tensor"/> has this type; see <see cref="Graph.Texts"/>.</summary>
    Text = 8,

    /// <summary>Boolean, one byte.</summary>
    Bool = 9,

    /// <summary>16-bit IEEE float.</summary>
    Float16 = 10,

    /// <summary>64-bit IEEE float.</summary>
    Double = 11,

    /// <summary>bfloat16, the upper 16 bits of a 32-bit float.</summary>
    BFloat16 = 16,
}

/// <summary>Sizes of element types.</summary>
public static class ElementTypes
{
    /// <summary>The size of one element in bytes, 1 to 8.</summary>
    /// <exception cref="FoveaException">The type is unknown or unsupported (strings, complex numbers).</exception>
    public static int SizeOf(this ElementType type) => type switch
    {
        ElementType.UInt8 or ElementType.Int8 or ElementType.Bool => 1,
        ElementType.UInt16 or ElementType.Int16 or ElementType.Float16 or ElementType.BFloat16 => 2,
        ElementType.Float or ElementType.Int32 => 4,
        ElementType.Int64 or ElementType.Double => 8,
        _ => throw new FoveaException(
            ErrorCode.BadModelFile,
            $"The element type of a tensor is {(int)type} in ONNX's numbering; expected real numbers or truth values."),
    };
}
