using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fovea.Models.Graphs;

namespace Fovea.Api.InferenceProtocol;

/// <summary>
/// A type of numbers in the Open Inference Protocol. Networks compute with floats, so numbers of other types are converted when they arrive
/// and when they are answered.
/// </summary>
internal sealed class Datatype
{
    private static readonly Datatype[] All =
    [
        Of<float>(ElementType.Float, "FP32"),
        Of<Half>(ElementType.Float16, "FP16"),
        Of<double>(ElementType.Double, "FP64"),
        Of<byte>(ElementType.UInt8, "UINT8", isWhole: true),
        Of<sbyte>(ElementType.Int8, "INT8", isWhole: true),
        Of<ushort>(ElementType.UInt16, "UINT16", isWhole: true),
        Of<short>(ElementType.Int16, "INT16", isWhole: true),
        Of<int>(ElementType.Int32, "INT32", isWhole: true),
        Of<long>(ElementType.Int64, "INT64", isWhole: true),
    ];

    private readonly ElementType type;
    private readonly Conversion read, write;
    private readonly Func<float, float> round;

    private Datatype(ElementType type, string name, int size, bool isWhole, Conversion read, Conversion write, Func<float, float> round) =>
        (this.type, Name, Size, IsWhole, this.read, this.write, this.round) = (type, name, size, isWhole, read, write, round);

    private delegate void Conversion(ReadOnlySpan<byte> from, Span<byte> to);

    /// <summary>The protocol's name of the type, such as FP32.</summary>
    public string Name { get; }

    /// <summary>The size of a number in bytes.</summary>
    public int Size { get; }

    /// <summary>Whether the type has only whole numbers.</summary>
    public bool IsWhole { get; }

    /// <summary>The type for an element type of a network's input or output.</summary>
    public static Datatype Of(ElementType type) => All.First(known => known.type == type);

    /// <summary>Converts numbers of this type, in the byte order of the machine, to floats.</summary>
    public void Read(ReadOnlySpan<byte> bytes, Span<float> numbers) => read(bytes, MemoryMarshal.AsBytes(numbers));

    /// <summary>Converts floats to numbers of this type, in the byte order of the machine.</summary>
    public void Write(ReadOnlySpan<float> numbers, Span<byte> bytes) => write(MemoryMarshal.AsBytes(numbers), bytes);

    /// <summary>The nearest number of this type.</summary>
    public float Rounded(float number) => round(number);

    private static Datatype Of<T>(ElementType type, string name, bool isWhole = false)
        where T : unmanaged, INumber<T> => new(
            type,
            name,
            Unsafe.SizeOf<T>(),
            isWhole,
            (from, to) => TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, T>(from), MemoryMarshal.Cast<byte, float>(to)),
            (from, to) => TensorPrimitives.ConvertSaturating(MemoryMarshal.Cast<byte, float>(from), MemoryMarshal.Cast<byte, T>(to)),
            number => float.CreateTruncating(T.CreateSaturating(number)));
}
