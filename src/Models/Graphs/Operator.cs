namespace Fovea.Models.Graphs;

/// <summary>
/// All that Fovea knows about one ONNX operator. <see cref="OperatorTable"/> has a row for each. Shape inference, differentiation,
/// conversion between operator sets, summaries, pictures, adoption and the search for heads read these rows.
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

    /// <summary>The layer's name in summaries: Keras's, or the operator's own where Keras has none. Default: the operator's.</summary>
    public string LayerName { get; init; } = Name;

    /// <summary>The layer's name if its second input is a weight. Default: <see cref="LayerName"/>.</summary>
    public string? WeightedName { get; init; }

    /// <summary>The layer's name if it has as many groups as input channels. Default: <see cref="LayerName"/>.</summary>
    public string? DepthwiseName { get; init; }

    /// <summary>The kind of the layer, which has a colour in pictures.</summary>
    public LayerKind Kind { get; init; }

    /// <summary>Properties by which summaries, heads and adoption tell operators apart.</summary>
    public Traits Traits { get; init; }

    /// <summary>The part of the input on which an element of the output depends.</summary>
    public Footprint Footprint { get; init; }

    /// <summary>
    /// Counts the multiplications for one image, each with its addition; returns <c>null</c> if a shape is not known. Without a rule the
    /// number is 0.
    /// </summary>
    public Func<Node, long?>? MultiplyAdds { get; init; }

    /// <summary>Computes the elements of a small integer output before the graph runs. <c>null</c>: they stay unknown.</summary>
    public ElementsRule? Elements { get; init; }

    /// <summary>
    /// The attributes that change the result, each with its default, a long or a float. An imported network must have the same as the
    /// catalog's.
    /// </summary>
    public IReadOnlyList<(string Name, object Default)> Attributes { get; init; } = [];

    /// <summary>How the operator differs in operator sets other than 17. The first form that fits the set and the node counts.</summary>
    public IReadOnlyList<OtherForm> OtherForms { get; init; } = [];

    /// <summary>Rows of operators that Fovea only copies, and that mean the same in all operator sets that can be converted.</summary>
    public static IEnumerable<Operator> WithoutRules(params IEnumerable<string> names) =>
        names.Select(name => new Operator(name) { Traits = Traits.SameInAllSets });
}

/// <summary>Infers the types and shapes of a node's outputs, in the operator's order.</summary>
/// <param name="node">The node. Its outputs are not set yet.</param>
internal delegate (ElementType Type, Shape Shape)[] ShapeRule(Node node);

/// <summary>Computes the elements of a node's first output from those of its inputs; see <see cref="PartialValues"/>.</summary>
/// <param name="node">The node.</param>
/// <param name="shape">The known shape of its first output.</param>
/// <returns>The elements, row-major, <c>null</c> for an unknown one; <c>null</c> if none is known.</returns>
internal delegate long?[]? ElementsRule(Node node, Shape shape);
