namespace Fovea.Models.Graphs;

/// <summary>A kind of layer. A picture gives each kind a colour of its own.</summary>
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

    /// <summary>A function of each number by itself, or a softmax.</summary>
    Activation,

    /// <summary>Several values become one: concatenation and arithmetic.</summary>
    Join,

    /// <summary>Several layers, shown as one.</summary>
    Block,

    /// <summary>A change of shape, type or place.</summary>
    Form,
}
