namespace Fovea.Models.Graphs;

/// <summary>The form of an operator in a range of operator sets, with its conversion to set 17.</summary>
/// <param name="First">The first operator set with this form.</param>
/// <param name="Last">The last operator set with this form.</param>
/// <param name="Convert">The conversion.</param>
internal sealed record OtherForm(long First, long Last, ConversionRule Convert)
{
    /// <summary>The form of an operator in all sets before this one.</summary>
    public static OtherForm Before(long set, ConversionRule rule) => new(0, set - 1, rule);

    /// <summary>The form of an operator in all sets after this one.</summary>
    public static OtherForm After(long set, ConversionRule rule) => new(set + 1, long.MaxValue, rule);

    /// <summary>The form of an operator that set 17 lacks, or that needs conversion in each set.</summary>
    public static OtherForm Always(ConversionRule rule) => new(0, long.MaxValue, rule);
}

/// <summary>Adds the set-17 form of a node of another operator set.</summary>
/// <param name="c">The conversion, which holds the converted graph.</param>
/// <param name="node">The node of the source.</param>
/// <param name="inputs">The node's inputs in the converted graph.</param>
/// <returns>The values that replace the node's outputs; <c>null</c> if the node is the same in set 17.</returns>
internal delegate IReadOnlyList<Value>? ConversionRule(OpsetConversion c, Node node, Value?[] inputs);
