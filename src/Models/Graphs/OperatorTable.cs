using System.Collections.Frozen;

namespace Fovea.Models.Graphs;

/// <summary>The operators that Fovea knows, one row each. Each titled section of the table is a file.</summary>
internal static class OperatorTable
{
    private const string OnnxRuntimeDomain = "com.microsoft";

    /// <summary>All rows.</summary>
    public static readonly IReadOnlyList<Operator> Rows =
    [
        .. ElementwiseOperators.Rows,
        .. ActivationOperators.Rows,
        .. NormalizationOperators.Rows,
        .. ImageOperators.Rows,
        .. ProductOperators.Rows,
        .. ReductionOperators.Rows,
        .. AxisOperators.Rows,
        .. PartOperators.Rows,
        .. ConstantOperators.Rows,
        .. QuantizedOperators.Rows,
    ];

    private static readonly FrozenDictionary<string, Operator> ByName = Rows.ToFrozenDictionary(row => row.Name);

    /// <summary>The row of a node's operator; <c>null</c> for an operator of another set than ONNX's own, or one without a row.</summary>
    public static Operator? Find(Node node) => node.Domain.Length == 0 ? Named(node.Op) : null;

    /// <summary>
    /// The row of an operator's name, whichever operator set it belongs to; <c>null</c> if there is none. Summaries use it: a Conv of ONNX
    /// Runtime's own set is a convolution too.
    /// </summary>
    public static Operator? Named(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The row by which a node is converted to set 17; <c>null</c> if the node is of another operator set.</summary>
    public static Operator? Convertible(Node node) => Find(node)
        ?? (node.Domain == OnnxRuntimeDomain && Named(node.Op) is { } row && row.Traits.HasFlag(Traits.AlsoOfOnnxRuntime) ? row : null);

    /// <summary>Whether a node's operator, whichever operator set it belongs to, has all of these traits.</summary>
    public static bool Has(this Node node, Traits traits) => Named(node.Op) is { } row && (row.Traits & traits) == traits;
}
