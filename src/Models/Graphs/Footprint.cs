namespace Fovea.Models.Graphs;

/// <summary>
/// The part of an operator's input on which one element of its output depends. Summaries compute receptive fields from it.
/// </summary>
internal enum Footprint
{
    /// <summary>The element at the same position of height and width.</summary>
    Element,

    /// <summary>A sliding window over height and width.</summary>
    Window,

    /// <summary>The inverse of a sliding window, as in a transposed convolution.</summary>
    TransposedWindow,

    /// <summary>All elements of the input's height and width.</summary>
    Image,

    /// <summary>The whole height and width if the output's height and width are 1; otherwise the same position.</summary>
    ReducedImage,

    /// <summary>The element at the same relative position, because the output is the input resized.</summary>
    Scaled,

    /// <summary>The same position if height and width do not change; otherwise the output has no height and width.</summary>
    Reshaped,

    /// <summary>The same position if the second operand is a weight; otherwise the output has no height and width.</summary>
    Product,
}
