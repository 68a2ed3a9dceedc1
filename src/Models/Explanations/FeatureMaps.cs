using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Explanations;

/// <summary>
/// Finds the feature map for Grad-CAM. A feature map is a value computed from the image with more than one position in height and width.
/// </summary>
internal sealed class FeatureMaps
{
    private const int Shown = 5;

    private static readonly int[] ToChannelsLast = [0, 2, 3, 1], ToChannelsFirst = [0, 3, 1, 2];

    private readonly ClassEvidence network;
    private readonly HashSet<Value> ofImages, channelsLast = [];
    private readonly List<(string Name, Value Value)> maps = [];

    /// <summary>Lists the feature maps of a network.</summary>
    public FeatureMaps(ClassEvidence network)
    {
        this.network = network;
        ofImages = [network.Images];
        foreach (var node in network.Graph.Nodes.Take(network.NetworkNodes).Where(node => node.Inputs.Any(IsOfImages)))
        {
            foreach (var output in node.Outputs)
            {
                ofImages.Add(output);
                if (AreChannelsLast(node))
                {
                    channelsLast.Add(output);
                }

                if (IsMap(output))
                {
                    maps.Add((output == node.Output && node.Name.Length > 0 ? node.Name : output.Name, output));
                }
            }
        }
    }

    /// <summary>The indices of a feature map's height, width and channel axes.</summary>
    public (int[] Image, int Channels) AxesOf(Value map) => channelsLast.Contains(map) ? ([1, 2], 3) : ([2, 3], 1);

    /// <summary>The last feature map on which the score depends, with its name.</summary>
    /// <exception cref="FoveaException">The score depends on no feature map.</exception>
    public (string Name, Value Value) Last()
    {
        // The search goes back from the score and stops at each feature map, so it finds only the maps that the classifier reads.
        var seen = new HashSet<Value> { network.Score };
        var found = new HashSet<Value>();
        var waiting = new Stack<Value>(seen);
        while (waiting.TryPop(out var value))
        {
            if (IsMap(value))
            {
                found.Add(value);
                continue;
            }

            foreach (var input in value.Producer?.Inputs.OfType<Value>().Where(input => IsSeen(input) && seen.Add(input)) ?? [])
            {
                waiting.Push(input);
            }
        }

        return maps.LastOrDefault(map => found.Contains(map.Value)) is { Value: not null } last ? last : throw new FoveaException(
            ErrorCode.BadModelFile,
            $"{network.Graph.Name} has no feature map with height and width before its classifier, so grad-cam cannot explain it; expected "
            + "a convolutional network, or another method: "
            + $"{string.Join(", ", ExplanationMethods.Names.Skip(1))}.");

        // Values of whole numbers are shapes and indices, which the search does not follow.
        static bool IsSeen(Value value) => value.Type is ElementType.Float or ElementType.Unknown;
    }

    /// <summary>The feature map with a name: the output of a node, a value, or the output of a layer's last node.</summary>
    /// <param name="layer">The name, such as <c>layer4</c> for the nodes <c>layer4.0.conv1</c> to <c>layer4.1.relu2</c>.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArgument"/>: no feature map has this name.</exception>
    public (string Name, Value Value) Named(string layer)
    {
        var found = maps.LastOrDefault(map => map.Name == layer || map.Value.Name == layer);
        found = found.Value is not null ? found : maps.LastOrDefault(map => IsInside(map.Name, layer));
        return found.Value is not null ? found : throw new FoveaException(
            ErrorCode.BadArgument, $"{network.Graph.Name} has no feature map named {layer}{Near(layer)}; expected the name of a layer or "
            + $"node whose output has height and width, such as {string.Join(", ", maps.TakeLast(Shown).Select(map => map.Name))}.");
    }

    private static bool IsInside(string name, string layer) =>
        name.Length > layer.Length && name.StartsWith(layer, StringComparison.Ordinal) && name[layer.Length] is '/' or '.';

    private string Near(string layer)
    {
        var left = maps.Select(map => map.Name).Distinct().ToList();
        var near = new List<string>();
        while (near.Count < Shown && NearestName.Of(layer, left) is { } name)
        {
            near.Add(name);
            left.Remove(name);
        }

        return near.Count == 0 ? "" : $" (did you mean {string.Join(" or ", near)}?)";
    }

    private bool IsOfImages(Value? value) => value is not null && ofImages.Contains(value);

    private bool IsMap(Value value) =>
        value is { Type: ElementType.Float, Shape: { IsKnown: true, Rank: 4 } shape, Producer: not null } && IsOfImages(value)
        && (channelsLast.Contains(value) ? shape[1] * shape[2] : shape[2] * shape[3]) > 1;

    // Whether a node's output has its channels last. They are last between two Transpose nodes, as in files from TensorFlow and around some
    // layer normalisations. Other operators keep the order of axes of their first input with images.
    private bool AreChannelsLast(Node node)
    {
        if (node.Has(Traits.ChannelsFirst))
        {
            return false;
        }

        var image = node.Inputs.FirstOrDefault(input => input is { Shape.Rank: 4, Constant: null });
        bool before = image is not null && channelsLast.Contains(image);
        return node.Op != "Transpose" ? before
            : node.Ints("perm") is var order && order.SequenceEqual(ToChannelsLast) ? true
            : !order.SequenceEqual(ToChannelsFirst) && before;
    }
}
