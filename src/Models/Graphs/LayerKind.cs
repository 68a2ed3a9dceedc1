namespace Fovea.Models.Graphs;

/// <summary>A kind of layer. The picture of a network has one colour per kind.</summary>
internal enum LayerKind
{
    /// <summary>An operator of no other kind.</summary>
    Other,

    /// <summary>An input of the network.</summary>
    Input,

    /// <summary>A convolution.</summary>
    Convolution,

    /// <summary>A pool or a mean.</summary>
    Pool,

    /// <summary>A normalisation, such as batch normalisation.</summary>
    Normalization,

    /// <summary>A dense layer, or another matrix product.</summary>
    Dense,

    /// <summary>An elementwise activation function, or a softmax.</summary>
    Activation,

    /// <summary>A layer that joins several values: a concatenation, or arithmetic such as a sum.</summary>
    Join,

    /// <summary>A block of several layers that a summary shows as one row.</summary>
    Block,

    /// <summary>A change of the shape, the type or the order of the elements.</summary>
    Form,
}
