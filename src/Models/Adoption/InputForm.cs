using Fovea.Models.Graphs;
using Fovea.Models.Imaging;

namespace Fovea.Models.Adoption;

/// <summary>
/// Gives the graph an input of floats of shape [N, C, H, W]. Nodes after the input convert to the layout and type that the file's nodes
/// expect. A free height or width becomes the crop size of the preprocessing.
/// </summary>
internal static class InputForm
{
    private static readonly long[] ToChannelsLast = [0, 2, 3, 1];

    public static void Run(AdoptionDraft draft)
    {
        var graph = draft.Graph;
        var input = ImageInput(graph);
        var declared = input.Shape.IsRanked ? input.Shape : new Shape(-1, -1, -1, -1);
        int axis = ChannelAxis(input, declared, draft.Given.Preprocessing?.Layout);
        int height = declared[axis == 1 ? 2 : 1], width = declared[axis == 1 ? 3 : 2];
        int channels = declared[axis] > 0 ? declared[axis] : ImageLayout.Channels(input) ?? draft.Given.Preprocessing?.Channels ?? 3;
        if (channels is not (1 or 3))
        {
            throw AdoptionDraft.Refused($"the input {input.Name} {declared} has {channels} channels; expected 1 (gray) or 3 (colour).");
        }

        draft.TakesWholeNumbers = input.Type is not (ElementType.Float or ElementType.Double or ElementType.Unknown);
        draft.PixelShift = input.Type == ElementType.Int8 ? 128 : 0;
        draft.Preprocessing = PreprocessingChoice.Of(draft, channels, height > 0 && width > 0 ? [height, width] : null);
        RequireFit(draft.Preprocessing, new Shape(channels, height, width));
        int[] crop = draft.Preprocessing is { } p ? [.. p.Crop] : [Shape.Free, Shape.Free];
        var image = new Shape(declared[0], channels, height > 0 ? height : crop[0], width > 0 ? width : crop[1]);
        draft.WasChannelsLast = axis == 3;
        draft.Found("input", $"The input is {input.Name} {declared}, images of {image[2]}x{image[3]} pixels.".Replace(
            "-1", "?", StringComparison.Ordinal));
        draft.Found("layout", axis == 1 ? "The layout is NCHW." : "The layout is NHWC.");
        draft.Found("type", $"The input's numbers are {Name(draft.Original.TypeOf(input))}.");
        if (axis == 1 && input.Type is ElementType.Float && input.Shape == image && graph.Inputs.Count == 1)
        {
            return;
        }

        var copy = new GraphCopy(graph);
        var images = copy.Target.Input(input.Name, ElementType.Float, image);
        var behind = new Conversion(copy, images, axis == 3);
        copy[input] = behind.Entry(input.Type);
        copy.CopyInputs();
        copy.CopyNodes(behind.Rewrite);
        draft.Graph = copy.Finish();
        if (graph.Inputs.Count > 1)
        {
            var unused = string.Join(", ", graph.Inputs.Where(other => other != input).Select(other => other.Name));
            draft.Changed($"The inputs {unused} are dropped, because no output depends on them.");
        }

        if (axis == 3)
        {
            draft.Changed("The input is NCHW instead of NHWC.");
        }

        if (input.Type is not (ElementType.Float or ElementType.Unknown))
        {
            draft.Changed($"The input's numbers are floats instead of {input.Type.ToString().ToLowerInvariant()}.");
        }
    }

    private static void RequireFit(Preprocessing? preprocessing, Shape image)
    {
        if (preprocessing is not null && preprocessing.Shape.Dimensions.Zip(image.Dimensions).Any(d => d.First != d.Second && d.Second > 0))
        {
            throw AdoptionDraft.Refused($"the preprocessing makes images of {preprocessing.Shape}; expected {image}, the network's input.");
        }
    }

    private static string Name(ElementType type) =>
        type is ElementType.Float or ElementType.Unknown ? "floats" : $"of the type {type.ToString().ToLowerInvariant()}";

    private static Value ImageInput(Graph graph)
    {
        var images = graph.Inputs.Where(input => input.Shape.Rank == 4 || !input.Shape.IsRanked).ToArray();
        var others = graph.Inputs.Except(images).Where(input => graph.Nodes.Any(node => node.Inputs.Contains(input))).ToArray();
        return images is [var image] && others.Length == 0
            ? image
            : throw AdoptionDraft.Refused(
                $"the inputs are {(graph.Inputs.Count == 0 ? "none" : string.Join(", ", graph.Inputs))}; expected one input of floats "
                + "or pixels, a batch of images [N, C, H, W] or [N, H, W, C].");
    }

    private static int ChannelAxis(Value input, Shape declared, PixelLayout? given)
    {
        bool first = declared[1] is 1 or 3, last = declared[3] is 1 or 3;
        int? read = ImageLayout.ChannelAxis(input);
        return read is { } axis ? axis
            : first != last ? (first ? 1 : 3)
            : given is { } layout && (first || !declared.IsKnown) ? (layout == PixelLayout.ChannelsFirst ? 1 : 3)
            : throw AdoptionDraft.Refused(
                $"the input {input.Name} {declared} may be NCHW or NHWC, and no operator shows which; expected 1 or 3 channels "
                + "on one side, or \"layout\" in the \"preprocessing\" of model.json.");
    }

    // Emits the nodes between the new input and the nodes that read the old input. If the old graph begins by undoing such a node, for
    // example a Transpose to channels first, both nodes are left out.
    private sealed class Conversion(GraphCopy copy, Value images, bool channelsLast)
    {
        private readonly Dictionary<Value, Value> channelsFirst = [];

        public Value Entry(ElementType type)
        {
            var converted = type is ElementType.Float or ElementType.Unknown ? images : copy.Target.Cast(images, type);
            return channelsLast ? Last(converted) : converted;
        }

        public IReadOnlyList<Value>? Rewrite(Node node, Value?[] inputs)
        {
            if (node is { Op: "Cast", Domain: "" } && (ElementType)node.Int32("to") is ElementType.Float)
            {
                return IsImages(inputs[0]!) ? [images]
                    : channelsFirst.TryGetValue(inputs[0]!, out var whole) && IsImages(whole) ? [Last(images)]
                    : null;
            }

            if (node.Domain.Length > 0 || !channelsLast)
            {
                return null;
            }

            if (node.Op == "Transpose" && channelsFirst.TryGetValue(inputs[0]!, out var first) && node.Ints("perm") is [0, 3, 1, 2])
            {
                return [first];
            }

            return node.Op is "Sub" or "Div" or "Mul" or "Add" && inputs is [{ } x, { } constant] && channelsFirst.TryGetValue(x, out first)
                && PerChannel(constant) is { } aligned
                ? [Last(copy.Target.Apply(node.Op, [first, aligned]))]
                : null;
        }

        // Whether the value is the new input, or the new input cast to the type of the old input.
        private bool IsImages(Value value) => value == images || (value.Producer is { Op: "Cast" } cast && cast[0] == images);

        private Value Last(Value first)
        {
            var last = copy.Target.Apply("Transpose", [first], ("perm", ToChannelsLast));
            channelsFirst[last] = first;
            return last;
        }

        // A constant of one number, or of one number per channel, in a shape that broadcasts over [N, C, H, W]; null for other values.
        private Value? PerChannel(Value constant) => constant.Constant is not { } tensor ? null
            : tensor.Shape.Size == 1
                ? (tensor.Shape.Rank == 0 ? constant : copy.Target.Constant(new Tensor(tensor.Type, Shape.Scalar, tensor.Bytes)))
            : tensor.Shape.Dimensions.Count(d => d != 1) == 1 && tensor.Shape[-1] != 1
                ? copy.Target.Constant(new Tensor(tensor.Type, new Shape(tensor.Shape[-1], 1, 1), tensor.Bytes))
            : null;
    }
}
