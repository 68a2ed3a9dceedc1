namespace Fovea.Models.Graphs;

/// <summary>A kind of layer. The picture of a network has one colour per kind.</summary>
internal enum LayerKind
{
    /// <summary>Any other operator.</summary>
    Other,

    /// <summary>An input of the network.</summary>
    Input,

    /// <summary>A convolution.</summary>
    Convolution,

    /// <summary>A pool or a mean.</summary>
    Pool,

    /// <summary>A normalisation.</summary>
    Normalization,

    /// <summary>A matrix product.</summary>
    Dense,

    /// <summary>An elementwise activation function, or a softmax.</summary>
    Activation,

    /// <summary>A layer that joins several values: a concatenation, or arithmetic such as a sum.</summary>
    Join,

    /// <summary>Several layers, shown as one.</summary>
    Block,

    /// <summary>A change of the shape, the type or the order of the elements.</summary>
    Form,
}
