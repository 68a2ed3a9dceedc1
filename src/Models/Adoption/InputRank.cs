using Fovea.Models.Graphs;
using Fovea.Models.Imaging;

namespace Fovea.Models.Adoption;

/// <summary>
/// Gives the graph an input of rank 4 if the file's input has fewer axes. One image, [C, H, W] or [H, W, C], becomes a batch of 1, which
/// <see cref="FreeBatch"/> makes free if the answers stay the same. Gray images, [N, H, W], get an axis of one channel. Rows of pixels,
/// [N, H W C], get the form into which a Reshape of the graph brings them, or else the height and width of the preprocessing. The order of
/// a row of colour, [C, H, W] or [H, W, C], then comes from the preprocessing's layout.
/// </summary>
internal static class InputRank
{
    private const int LeastSide = 5;

    public static void Run(AdoptionDraft draft)
    {
        var inputs = draft.Graph.Inputs.Where(input => draft.Graph.Nodes.Any(node => node.Inputs.Contains(input))).ToArray();
        if (inputs is not [{ Shape: { IsRanked: true, Rank: 2 or 3 } shape } input])
        {
            return;
        }

        if (shape.Rank == 2)
        {
            OfRows(draft, input);
        }
        else if (shape[0] == 3 || shape[2] is 1 or 3 || (shape[0] == 1 && AddsBatch(draft.Graph, shape)))
        {
            AddAxis(draft, input, 0, $"The input is a batch of images instead of one image, {shape}.");
        }
        else if (shape[0] is Shape.Free or 1 && shape[1] >= LeastSide && shape[2] >= LeastSide)
        {
            AddAxis(draft, input, 1, $"The input has an additional axis of one channel, which the file's input {shape} lacks.");
        }
    }

    private static void OfRows(AdoptionDraft draft, Value input)
    {
        int numbers = input.Shape[1];
        var given = draft.Given.Preprocessing;
        if (Reshaped(input) is { } image)
        {
            AddSides(draft, input, image);
            return;
        }

        if (given is null || given.Shape.Size != numbers)
        {
            throw AdoptionDraft.Refused(
                $"the input {input} holds rows of numbers. If a row holds the pixels of an image, \"preprocessing\" in model.json must say "
                + $"so: \"crop\", [height, width], and \"color\", so that height x width x channels is {numbers}, and for rows of colour "
                + "also \"layout\".");
        }

        if (given is { Channels: > 1, Layout: null })
        {
            draft.Need(
                $"A row of the input {input.Name} may hold the colours of a pixel side by side (NHWC), or all red values before all green "
                + "ones (NCHW): give \"layout\": \"NHWC\" or \"NCHW\" in the \"preprocessing\" of model.json.");
        }

        var (channels, height, width) = (given.Channels, given.Crop[0], given.Crop[1]);
        bool isLast = channels > 1 && given.Layout == PixelLayout.ChannelsLast;
        AddSides(draft, input, isLast ? [height, width, channels] : [channels, height, width]);
    }

    // The shape of one image, [C, H, W] or [H, W, C], into which the graph brings the rows; null if no Reshape shows it.
    private static int[]? Reshaped(Value rows)
    {
        var same = new HashSet<Value> { rows };
        foreach (var node in rows.Graph.Nodes.Where(node => node.Domain.Length == 0 && node.Inputs.OfType<Value>().Any(same.Contains)))
        {
            var shape = node.Output.Shape;
            if (node.Op == "Reshape" && shape.Rank == 4 && shape.Dimensions[1..].All(d => d > 0))
            {
                int[] image = [.. shape.Dimensions[1..]];
                return image.Aggregate(1, (size, d) => size * d) != rows.Shape[1] ? null
                    : image is [1 or 3, ..] ? image
                    : image is [_, _, 1] ? [1, image[0], image[1]]
                    : image is [_, _, 3] ? image
                    : null;
            }

            if (node.Has(Traits.Elementwise) && shape.Rank == 2)
            {
                same.UnionWith(node.Outputs);
            }
        }

        return null;
    }

    private static void AddSides(AdoptionDraft draft, Value input, int[] image)
    {
        var copy = new GraphCopy(draft.Graph);
        var shape = new Shape([input.Shape[0], .. image]);
        var images = copy.Target.Input(input.Name, input.Type, shape);
        copy[input] = copy.Target.Reshape(images, new Shape(0, input.Shape[1]));
        copy.CopyInputs();
        copy.CopyNodes();
        draft.Change(copy.Finish(), $"The input is a batch of images, {shape}, instead of rows of pixels, {input.Shape}.");
    }

    private static void AddAxis(AdoptionDraft draft, Value input, int axis, string sentence)
    {
        var copy = new GraphCopy(draft.Graph);
        var shape = new Shape(input.Shape.Dimensions.Insert(axis, 1).AsSpan());
        var axes = copy.Target.Constant(Tensor.Of([axis]));
        copy[input] = copy.Target.Apply("Squeeze", [copy.Target.Input(input.Name, input.Type, shape), axes]);
        copy.CopyInputs();
        copy.CopyNodes();
        var output = copy[draft.Graph.Outputs[0]];
        bool isWithoutBatch = axis == 0 && output.Shape.Rank == 1;
        draft.Change(isWithoutBatch ? copy.Finish(copy.Target.Apply("Unsqueeze", [output, axes])) : copy.Finish(), sentence);
    }

    // A first axis of length 1 is the batch axis, unless the graph inserts another axis before it.
    private static bool AddsBatch(Graph graph, Shape shape) => graph.Nodes.Any(node =>
        node.Op == "Unsqueeze" && node[0].Shape.Equals(shape) && node.Given("axes", 1) is [0]);
}
