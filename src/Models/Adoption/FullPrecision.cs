using System.Runtime.InteropServices;
using Fovea.Models.Graphs;
using Fovea.Models.Weights;

namespace Fovea.Models.Adoption;

/// <summary>
/// Converts half-precision and double-precision numbers to floats (32 bits) in inputs, weights, constants and casts. On CPUs, ONNX Runtime
/// computes most half-precision operators by casting to floats and back, and it has no convolution of doubles.
/// </summary>
internal static class FullPrecision
{
    public static void Run(AdoptionDraft draft)
    {
        var graph = draft.Graph;
        bool Has(Func<ElementType, bool> kind) =>
            graph.Inputs.Concat(graph.Initializers.Keys).Any(value => kind(value.Type))
            || graph.Nodes.Any(node => CastType(node) is { } type && kind(type))
            || graph.Nodes.Any(node => node.Attributes.Values.Any(value => value is Tensor tensor && kind(tensor.Type)));
        var (hasHalf, hasDouble) = (Has(IsHalf), Has(type => type == ElementType.Double));
        if (!hasHalf && !hasDouble)
        {
            return;
        }

        var copy = new GraphCopy(graph) { Convert = ToFloats };
        foreach (var input in graph.Inputs)
        {
            copy[input] = copy.Target.Input(input.Name, IsOther(input.Type) ? ElementType.Float : input.Type, input.Shape);
        }

        copy.CopyNodes((node, inputs) => CastType(node) is not { } type || !IsOther(type) ? null
            : inputs[0]!.Type == ElementType.Float ? [inputs[0]!]
            : copy.Copied(node, inputs, ["to"], with: ("to", (long)ElementType.Float)));
        draft.Change(copy.Finish(), !hasDouble ? "Half-precision numbers became floats."
            : !hasHalf ? "Double-precision numbers became floats."
            : "Half-precision and double-precision numbers became floats.");
    }

    private static ElementType? CastType(Node node) => node is { Op: "Cast", Domain: "" } ? (ElementType)node.Int32("to") : null;

    private static bool IsOther(ElementType type) => IsHalf(type) || type == ElementType.Double;

    private static bool IsHalf(ElementType type) => type is ElementType.Float16 or ElementType.BFloat16;

    private static Tensor ToFloats(Tensor tensor) => tensor.Type == ElementType.Double
        ? Tensor.Of(tensor.Shape, Array.ConvertAll(MemoryMarshal.Cast<byte, double>(tensor.Bytes.Span).ToArray(), x => (float)x))
        : IsHalf(tensor.Type) ? new StoredTensor(tensor.Type, tensor.Shape, tensor.Bytes).ToFloats()
        : tensor;
}
