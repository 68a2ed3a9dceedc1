using Fovea.Models.Graphs;

namespace Fovea.Models.Summary;

// A window of extent e and stride s turns size r and jump j into r + (e - 1) j and j s.
// A transposed window turns them into r + floor((e - 1) / s) j and j / s. Where branches join, the largest size and the largest jump are
// used.

/// <summary>
/// The receptive field of an element of a layer's output: the square of the image on which the element depends. Padding counts as part of
/// the image, so the field may be larger than the image. The side of the square is the larger of the field's height and width.
/// </summary>
/// <param name="Size">The side of the square, in pixels of the image.</param>
/// <param name="Jump">The distance between the fields of neighbouring elements, in pixels of the image.</param>
internal readonly record struct ReceptiveField(double Size, double Jump)
{
    /// <summary>Whether a node slides a window over height and width.</summary>
    public static bool HasWindow(Node node) =>
        OperatorTable.Find(node)?.Footprint is Footprint.Window or Footprint.TransposedWindow && node.Output.Shape.Rank == 4;

    /// <summary>
    /// The receptive field of each value whose last two axes are height and width. Other values, such as the output of Flatten, have no
    /// entry.
    /// </summary>
    public static Dictionary<Value, ReceptiveField> Of(Graph graph)
    {
        var fields = graph.Inputs.Where(input => input.Shape.Rank == 4).ToDictionary(input => input, _ => new ReceptiveField(1, 1));
        foreach (var node in graph.Nodes.Where(node => node.Outputs[0].Shape.Rank is 4 or 5))
        {
            var inputs = node.Inputs.OfType<Value>().Where(fields.ContainsKey).Select(input => fields[input]).ToArray();
            if (inputs.Length > 0 && After(node, new(inputs.Max(field => field.Size), inputs.Max(field => field.Jump))) is { } field)
            {
                foreach (var output in node.Outputs)
                {
                    fields[output] = field;
                }
            }
        }

        return fields;
    }

    // The field of a node's outputs; null if their last two axes are not height and width.
    private static ReceptiveField? After(Node node, ReceptiveField x)
    {
        var from = node[0].Shape;
        switch (OperatorTable.Named(node.Op)?.Footprint ?? Footprint.Element)
        {
            case Footprint.Window or Footprint.TransposedWindow when !HasWindow(node):
                return null;
            case Footprint.TransposedWindow:
                var transposed = Window.Of(node);
                int stride = transposed.Strides.Max();
                return new(x.Size + (transposed.Extents - 1) / stride * x.Jump, x.Jump / stride);
            case Footprint.Window:
                var window = Window.Of(node);
                return new(x.Size + (window.Extents - 1) * x.Jump, x.Jump * window.Strides.Max());
            case Footprint.Image:
            case Footprint.ReducedImage when node.Output.Shape.Dimensions is [.., 1, 1]:
                return from.Dimensions is [_, _, > 0 and var height, > 0 and var width]
                    ? new(x.Size + (Math.Max(height, width) - 1) * x.Jump, x.Jump)
                    : null;
            case Footprint.Scaled:
                return node.Output.Shape[2] > 0 && from[2] > 0 ? new(x.Size, x.Jump * from[2] / node.Output.Shape[2]) : null;
            case Footprint.Reshaped:
                return node.Output.Shape.Dimensions[^2..].SequenceEqual(from.Dimensions[^2..]) ? x : null;
            case Footprint.Product when node[1].Producer is not null:
                return null;
            default:
                return x;
        }
    }
}
