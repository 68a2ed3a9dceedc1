using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// The input and the output of a file before adoption, which the Open Inference Protocol shows to clients. A transposition or a cast turns
/// the original input into the adopted input; a cast or a reshape turns the adopted output into the original output.
/// </summary>
/// <param name="Input">The original input; <c>null</c> if a transposition and a cast do not suffice to get the adopted input.</param>
/// <param name="Output">The original output; <c>null</c> if a cast and a reshape of the adopted output do not suffice to get it.</param>
public sealed record OriginalForm(OriginalTensor? Input, OriginalTensor? Output)
{
    // The types that clients can send and that a Cast node converts to floats.
    private static readonly ElementType[] CastTypes =
    [
        ElementType.Float, ElementType.Float16, ElementType.Double, ElementType.UInt8, ElementType.Int8, ElementType.UInt16,
        ElementType.Int16, ElementType.Int32, ElementType.Int64,
    ];

    /// <summary>Whether a cast can convert numbers of this type to floats and back.</summary>
    internal static bool IsCast(ElementType type) => CastTypes.Contains(type);

    /// <summary>Whether the shapes and types match an adopted graph's input and output.</summary>
    /// <param name="image">The shape of one image, [C, H, W].</param>
    /// <param name="columns">The number of outputs for one image.</param>
    internal bool Fits(IReadOnlyList<long> image, long columns) =>
        (Input is null || (Input is { Dimensions: [_, var a, var b, var c] } && IsCast(Input.Type)
            && image.SequenceEqual(Input.ChannelsLast ? [c, a, b] : [a, b, c])))
        && (Output is null || (Output is { Dimensions: [_, .. var others] } && IsCast(Output.Type) && !Output.ChannelsLast
            && others.Length > 0 && others.All(d => d > 0) && others.Aggregate(1L, (size, d) => size * d) == columns));
}
