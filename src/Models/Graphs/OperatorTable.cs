using System.Collections.Frozen;

namespace Fovea.Models.Graphs;

/// <summary>
/// The table of the operators that Fovea supports, with one row per operator. The rows are grouped by kind in separate files.
/// </summary>
internal static class OperatorTable
{
    private const string OnnxRuntimeDomain = "com.microsoft";

    /// <summary>All rows of the table of operators.</summary>
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

    /// <summary>
    /// The row of a node's operator; <c>null</c> if the operator has no row, or belongs to another set than ONNX's own.
    /// </summary>
    public static Operator? Find(Node node) => node.Domain.Length == 0 ? Named(node.Op) : null;

    /// <summary>
    /// The row for an operator's name in any operator set; <c>null</c> if there is none. Summaries use it, because a Conv of ONNX Runtime's
    /// own set is a convolution too.
    /// </summary>
    public static Operator? Named(string name) => ByName.GetValueOrDefault(name);

    /// <summary>
    /// The row with the conversion of a node to set 17; <c>null</c> if there is none, as for most operators of sets other than ONNX's own.
    /// </summary>
    public static Operator? Convertible(Node node) => Find(node)
        ?? (node.Domain == OnnxRuntimeDomain && Named(node.Op) is { } row && row.Traits.HasFlag(Traits.AlsoOfOnnxRuntime) ? row : null);

    /// <summary>Whether a node's operator, of any operator set, has all of these traits.</summary>
    public static bool Has(this Node node, Traits traits) => Named(node.Op) is { } row && (row.Traits & traits) == traits;
}
