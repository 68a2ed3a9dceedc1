namespace Fovea.Models.Kernels;

/// <summary>The integer attributes of a node that stand for the sizes of an operator, written and read by one list.</summary>
/// <param name="sizes">The name of each attribute, its number, and sizes with another number.</param>
internal sealed class SizeTable<T>(params (string Name, Func<T, int> Of, Func<T, int, T> In)[] sizes)
    where T : struct
{
    /// <summary>The sizes as attributes of an ONNX node.</summary>
    public (string Name, object Value)[] Attributes(T of) => [.. sizes.Select(size => (size.Name, (object)(long)size.Of(of)))];

    /// <summary>The sizes of a node whose kernel ONNX Runtime is creating.</summary>
    public T Read(nint info) =>
        sizes.Aggregate(default(T), (read, size) => size.In(read, RuntimeApi.Attribute(info, size.Name)));
}
