namespace Fovea.Models;

/// <summary>
/// How much of the image one number of a layer sees: <paramref name="Size"/> pixels along a side, neighbours being <paramref name="Jump"/> pixels
/// apart. Padding counts as image, so it may be larger than that.
/// </summary>
internal readonly record struct ReceptiveField(double Size, double Jump)
{
    /// <summary>Whether a node walks a window over height and width.</summary>
    public static bool Walks(Node node) => node is { Domain: "", Op: "Conv" or "ConvTranspose" or "AveragePool" or "MaxPool" };

    /// <summary>The field of each value that still has places in the image; the last axes of the others are features, or nothing is known of them.</summary>
    public static Dictionary<Value, ReceptiveField> Of(Graph graph)
    {
        var fields = graph.Inputs.Where(input => input.Shape.Rank == 4).ToDictionary(input => input, _ => new ReceptiveField(1, 1));
        foreach (var node in graph.Nodes.Where(node => node.Outputs[0].Shape.Rank is 4 or 5 && node.Inputs.Any(input => input is not null && fields.ContainsKey(input))))
        {
            // r of a join is the largest of its branches'.
            var seen = node.Inputs.OfType<Value>().Where(fields.ContainsKey).Select(input => fields[input]).ToArray();
            if (After(node, new(seen.Max(field => field.Size), seen.Max(field => field.Jump))) is { } field)
            {
                foreach (var output in node.Outputs)
                {
                    fields[output] = field;
                }
            }
        }

        return fields;
    }

    // r += (extent - 1) jump; jump *= stride. Of height and width the one that sees more.
    private static ReceptiveField? After(Node node, ReceptiveField x)
    {
        var from = node[0].Shape;
        switch (node.Op)
        {
            case "ConvTranspose":
                var spread = Window.Of(node);
                return new(x.Size + (spread.Extents - 1) / spread.Strides.Max() * x.Jump, x.Jump / spread.Strides.Max());
            case "Conv" or "AveragePool" or "MaxPool":
                var window = Window.Of(node);
                return new(x.Size + (window.Extents - 1) * x.Jump, x.Jump * window.Strides.Max());
            case "GlobalAveragePool" or "GlobalMaxPool":
            case "ReduceMean" or "ReduceMax" when node.Output.Shape.Dimensions is [.., 1, 1]:
                return from.Dimensions is [_, _, > 0, > 0] ? new(x.Size + (Math.Max(from[2], from[3]) - 1) * x.Jump, x.Jump) : null;
            case "Resize" or "Upsample":
                return node.Output.Shape[2] > 0 && from[2] > 0 ? new(x.Size, x.Jump * from[2] / node.Output.Shape[2]) : null;
            case "Reshape":
                return node.Output.Shape.Dimensions[^2..].SequenceEqual(from.Dimensions[^2..]) ? x : null;
            case "MatMul" or "Gemm" when node[1].Producer is not null:
                return null;
            default:
                return x;
        }
    }
}
