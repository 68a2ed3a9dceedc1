using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// The input and the output of a file before it was adopted, for protocols that show them. A transposition, a cast or a view leads from
/// the original input to the adopted one, and from the adopted output to the original one.
/// </summary>
/// <param name="Input">The input; <c>null</c> if no transposition or cast of it gives the adopted input.</param>
/// <param name="Output">The output; <c>null</c> if no cast or view of the adopted output gives it.</param>
public sealed record OriginalForm(OriginalTensor? Input, OriginalTensor? Output)
{
    // Types that a cast turns to floats and that clients can send.
    private static readonly ElementType[] CastTypes =
    [
        ElementType.Float, ElementType.Float16, ElementType.Double, ElementType.UInt8, ElementType.Int8, ElementType.UInt16,
        ElementType.Int16, ElementType.Int32, ElementType.Int64,
    ];

    /// <summary>Whether a cast leads from numbers of a type to floats, and back.</summary>
    internal static bool IsCast(ElementType type) => CastTypes.Contains(type);

    /// <summary>Whether the tensors are those of a graph.</summary>
    /// <param name="image">The shape of one image, [C, H, W].</param>
    /// <param name="columns">The number of outputs for one image.</param>
    internal bool Fits(IReadOnlyList<long> image, long columns) =>
        (Input is null || (Input is { Dimensions: [_, var a, var b, var c] } && IsCast(Input.Type)
            && image.SequenceEqual(Input.ChannelsLast ? [c, a, b] : [a, b, c])))
        && (Output is null || (Output is { Dimensions: [_, .. var others] } && IsCast(Output.Type) && !Output.ChannelsLast
            && others.Length > 0 && others.All(d => d > 0) && others.Aggregate(1L, (size, d) => size * d) == columns));
}
