namespace Fovea.Models.Graphs;

/// <summary>Yes-or-no properties of operators, which summaries, the search for heads, and adoption read.</summary>
[Flags]
internal enum Traits
{
    /// <summary>None of these properties.</summary>
    None = 0,

    /// <summary>
    /// An operator, such as an activation, that a summary shows in the row of the layer before it. ONNX Runtime can compute it in the
    /// memory of that layer's output.
    /// </summary>
    JoinsLayer = 1 << 0,

    /// <summary>
    /// If a row of a summary has several layers, it is named after another layer than this one: a convolution with batch normalisation is
    /// called Conv2D.
    /// </summary>
    Secondary = 1 << 1,

    /// <summary>Each element of the output depends on the elements of the inputs at the same position, after broadcasting.</summary>
    Elementwise = 1 << 2,

    /// <summary>The output is the first input's memory in another shape, so it needs no memory of its own.</summary>
    SameElements = 1 << 3,

    /// <summary>The output has the first input's numbers in another shape, order or type.</summary>
    SameNumbers = 1 << 4,

    /// <summary>Exporters write the operator between a weight and the layer that reads the weight.</summary>
    WeightForm = 1 << 5,

    /// <summary>A change of shape that keeps all elements in order.</summary>
    View = SameElements | SameNumbers | WeightForm,

    /// <summary>A monotonic function of each image's outputs, so the order of the classes does not change.</summary>
    KeepsOrder = 1 << 6,

    /// <summary>The inputs after the first are weights. A Constant node that computes such an input becomes an initializer.</summary>
    Weighted = 1 << 7,

    /// <summary>The inputs after the first are settings, such as sizes, and never weights.</summary>
    HasSettings = 1 << 8,

    /// <summary>Axis 1 of the input is the channels.</summary>
    ChannelsFirst = 1 << 9,

    /// <summary>Each axis of the output has the meaning of the same axis of the input.</summary>
    KeepsAxes = 1 << 10,

    /// <summary>The output of pixels has the same range of values as the input, such as 0 to 255.</summary>
    KeepsRange = 1 << 11,

    /// <summary>
    /// The operator means the same in all operator sets that can be converted. An operator with a shape rule does not need this trait: it
    /// counts as the same in all sets unless it has <see cref="Operator.OtherForms"/>.
    /// </summary>
    SameInAllSets = 1 << 12,

    /// <summary>ONNX Runtime's own set, com.microsoft, has the operator too.</summary>
    AlsoOfOnnxRuntime = 1 << 13,

    /// <summary>
    /// The result needs 32-bit floats, because it sums many numbers or its values span many orders of magnitude, or because an operand that
    /// is a setting has this type.
    /// </summary>
    NeedsFullPrecision = 1 << 14,
}
