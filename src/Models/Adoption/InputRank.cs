using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// Gives the graph an input of rank 4 if the file's input has fewer axes. One image, [C, H, W] or [H, W, C], becomes a batch of 1, which
/// <see cref="FreeBatch"/> makes free if the answers stay the same. Gray images, [N, H, W], get an axis of one channel. Gray images as rows
/// of pixels, [N, H W], get the height and width of the preprocessing. Rows of colour images stay as they are, because their order,
/// [C, H, W] or [H, W, C], is unknown.
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
            if (draft.Given.Preprocessing is { Channels: 1 } given && given.Crop[0] * given.Crop[1] == shape[1])
            {
                AddSides(draft, input, given.Crop[0], given.Crop[1]);
            }
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

    private static void AddSides(AdoptionDraft draft, Value input, int height, int width)
    {
        var copy = new GraphCopy(draft.Graph);
        var images = copy.Target.Input(input.Name, input.Type, new Shape(input.Shape[0], 1, height, width));
        copy[input] = copy.Target.Reshape(images, new Shape(0, height * width));
        copy.CopyInputs();
        copy.CopyNodes();
        draft.Change(copy.Finish(), $"The input is [N, 1, {height}, {width}] instead of {input.Shape}.");
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
