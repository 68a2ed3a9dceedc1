using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// The range of pixel values that a graph expects, 0 to 255 or 0 to 1, read from the constants with which the graph shifts and scales
/// pixels before its first layer.
/// </summary>
/// <param name="Highest">The highest pixel value, 255 or 1; <c>null</c> if the graph does not show the range.</param>
/// <param name="Reason">The nodes that shift and scale the pixels.</param>
/// <param name="Size">The height and width that the graph resizes images to; <c>null</c> if it does not resize.</param>
internal sealed record PixelRange(int? Highest, string? Reason = null, int[]? Size = null)
{
    // Pixels of 0 to 255 have a standard deviation around 58, a mean around 110, and half of the range is 127.5. Pixels of 0 to 1 have a
    // standard deviation around 0.22 and a mean around 0.45.
    private const float LeastScaleOf255 = 32, MostScaleOf1 = 0.99f, LeastMeanOf255 = 16;

    /// <summary>Finds the range of pixel values that a graph expects.</summary>
    public static PixelRange Of(Graph graph)
    {
        var images = new HashSet<Value>(graph.Inputs);
        var reasons = new List<string>();
        float scale = 1, mean = 0;
        int[]? size = null;
        foreach (var node in graph.Nodes.Where(node => node.Domain.Length == 0 && node.Inputs.OfType<Value>().Any(images.Contains)))
        {
            bool isScaled = node.Op is "Div" or "Mul" or "Sub" or "Add" && node.Inputs.Count == 2
                && images.Contains(node[0]) != images.Contains(node[1]);
            if (isScaled && Largest(images.Contains(node[0]) ? node[1] : node[0]) is { } number)
            {
                reasons.Add($"{node.Name}, {node.Op}");
                (scale, mean) = node.Op switch
                {
                    "Div" => (scale * number, mean),
                    "Mul" when number != 0 => (scale / number, mean),
                    _ => (scale, Math.Max(mean, number * scale)),
                };
            }
            else if (node.Op is "Resize" or "Upsample" && images.Contains(node[0]))
            {
                size ??= SizeOf(node.Output.Shape);
            }
            else if (!node.Has(Traits.KeepsRange) || node.Op == "Reshape" && node.Output.Shape.Rank is not (2 or 4))
            {
                continue;
            }

            images.UnionWith(node.Outputs);
        }

        int? highest = reasons.Count == 0 ? null
            : scale >= LeastScaleOf255 || mean >= LeastMeanOf255 ? 255
            : scale < MostScaleOf1 ? 1
            : null;
        return new(highest, string.Join("; ", reasons.Take(3)), size);
    }

    private static int[]? SizeOf(Shape shape) => shape.Rank != 4 ? null
        : shape[1] is 1 or 3 && shape[2] > 0 && shape[3] > 0 ? [shape[2], shape[3]]
        : shape[3] is 1 or 3 && shape[1] > 0 && shape[2] > 0 ? [shape[1], shape[2]]
        : null;

    // The largest magnitude in a constant of one number, one number per channel, or a mean image. Also follows operators on constants:
    // Keras divides by the square root of a constant variance.
    private static float? Largest(Value value) => value.Producer switch
    {
        { Domain: "", Op: "Sqrt" } root => Largest(root[0]) is { } square ? MathF.Sqrt(square) : null,
        { Domain: "", Op: "Reciprocal" } inverse => Largest(inverse[0]) is > 0 and var number ? 1 / number : null,
        { Domain: "", Op: "Max" or "Add", Inputs.Count: 2 } larger => Largest(larger[0]) is { } a && Largest(larger[1]) is { } b
            ? Math.Max(a, b)
            : null,
        { } view when view.Has(Traits.KeepsRange) => Largest(view[0]),
        _ => value.Constant is { Type: ElementType.Float, Shape: { Rank: <= 4, Size: > 0 } shape } constant
            && (shape.Size <= 3 || (shape.Rank >= 3 && shape.Dimensions.Skip(shape.Rank - 3).Any(d => d is 1 or 3)))
                ? constant.Floats.ToArray().Max(Math.Abs)
                : null,
    };
}
