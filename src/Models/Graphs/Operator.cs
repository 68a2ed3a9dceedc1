namespace Fovea.Models.Graphs;

/// <summary>
/// The properties of one ONNX operator, a row of <see cref="OperatorTable"/>. Shape inference, differentiation, conversion between operator
/// sets, summaries, pictures, adoption and the search for heads read these rows.
/// </summary>
/// <param name="Name">The name in the ONNX operator list.</param>
/// <param name="Shape">Infers the types and shapes of the outputs; <c>null</c> leaves them unknown.</param>
/// <param name="Gradient">Adds the gradients of the inputs; <c>null</c> for an operator that cannot be trained.</param>
internal sealed record Operator(string Name, ShapeRule? Shape = null, GradientRule? Gradient = null)
{
    /// <summary>
    /// The gradient rule of an operator with several outputs that all have gradients; it replaces <see cref="Gradient"/>.
    /// </summary>
    public GradientRuleOfOutputs? GradientOfOutputs { get; init; }

    /// <summary>Whether the operator has a gradient rule.</summary>
    public bool IsDifferentiable => Gradient is not null || GradientOfOutputs is not null;

    /// <summary>The layer's name in summaries, as in Keras. Default: the operator's name.</summary>
    public string LayerName { get; init; } = Name;

    /// <summary>The layer's name if its second input is a weight. Default: <see cref="LayerName"/>.</summary>
    public string? WeightedName { get; init; }

    /// <summary>The layer's name if it has as many groups as input channels. Default: <see cref="LayerName"/>.</summary>
    public string? DepthwiseName { get; init; }

    /// <summary>The kind of the layer, which has a colour in pictures.</summary>
    public LayerKind Kind { get; init; }

    /// <summary>Yes-or-no properties of the operator, which summaries, the search for heads, and adoption read.</summary>
    public Traits Traits { get; init; }

    /// <summary>The part of the input on which an element of the output depends.</summary>
    public Footprint Footprint { get; init; }

    /// <summary>
    /// Counts the multiply-adds for one image; returns <c>null</c> if a shape is unknown. If this property is <c>null</c>, the number is 0.
    /// </summary>
    public Func<Node, long?>? MultiplyAdds { get; init; }

    /// <summary>
    /// Computes the elements of a small integer output before the graph runs; <c>null</c> if the elements stay unknown.
    /// </summary>
    public ElementsRule? Elements { get; init; }

    /// <summary>
    /// The attributes that change the result, each with its default value, a long or a float. When weights are imported from an ONNX file,
    /// the file's nodes must have the same values of these attributes as the catalog's network.
    /// </summary>
    public IReadOnlyList<(string Name, object Default)> Attributes { get; init; } = [];

    /// <summary>
    /// The conversions of the operator from operator sets other than 17. The first conversion that fits the set and the node is used.
    /// </summary>
    public IReadOnlyList<OtherForm> OtherForms { get; init; } = [];

    /// <summary>
    /// Rows for operators with neither a shape rule nor a gradient rule, which mean the same in all operator sets that can be converted.
    /// </summary>
    public static IEnumerable<Operator> WithoutRules(params IEnumerable<string> names) =>
        names.Select(name => new Operator(name) { Traits = Traits.SameInAllSets });
}

/// <summary>Infers the types and shapes of a node's outputs, in the operator's order.</summary>
/// <param name="node">The node. Its outputs are not set yet.</param>
internal delegate (ElementType Type, Shape Shape)[] ShapeRule(Node node);

/// <summary>
/// Computes the elements of a node's first output from the elements of its inputs; see <see cref="PartialValues"/>.
/// </summary>
/// <param name="node">The node.</param>
/// <param name="shape">The shape of the node's first output, fully known.</param>
/// <returns>The elements, row-major, with <c>null</c> for each unknown element; <c>null</c> if no element is known.</returns>
internal delegate long?[]? ElementsRule(Node node, Shape shape);
