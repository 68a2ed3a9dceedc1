using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>Finds the channel axis of a network's input from the first operator that needs its channels first, such as Conv.</summary>
internal static class ImageLayout
{
    /// <summary>The axis of the channels, 1 or 3; <c>null</c> if the graph does not show it.</summary>
    public static int? ChannelAxis(Value input) => First(input)?.Axis;

    /// <summary>
    /// The number of channels that the first convolution takes; <c>null</c> if the first such operator is no convolution.
    /// </summary>
    public static int? Channels(Value input) => First(input) is { Node: { Op: "Conv" or "QLinearConv" } conv }
        && conv[conv.Op == "Conv" ? 1 : 3].Shape is { Rank: 4, IsKnown: true } weights
        ? weights[1] * conv.Int32("group", 1)
        : null;

    // Follows the input to the first operator that needs channels first. order[i] is the axis of the input that became axis i of the value.
    private static (int Axis, Node Node)? First(Value input)
    {
        var orders = new Dictionary<Value, int[]> { [input] = [0, 1, 2, 3] };
        foreach (var node in input.Graph.Nodes)
        {
            var x = node.Inputs.OfType<Value>().FirstOrDefault(orders.ContainsKey);
            if (x is null)
            {
                continue;
            }

            var order = orders[x];
            if (node.Has(Traits.ChannelsFirst) && node.Inputs[0] == x && order.Length == 4)
            {
                return order[1] is 1 or 3 ? (order[1], node) : null;
            }

            order = node.Op switch
            {
                "Transpose" => node.Ints("perm") is { } perm && perm.Length == order.Length ? [.. perm.Select(axis => order[axis])] : null,
                "Squeeze" when order.Length == 4 && node.Given("axes", 1) is [0] => order[1..],
                "Unsqueeze" when order.Length == 3 && node.Given("axes", 1) is [0] => [0, .. order],
                _ when !node.Has(Traits.KeepsAxes) && !node.Has(Traits.Elementwise) => null,
                _ when node.Output.Shape.IsRanked && node.Output.Shape.Rank != order.Length => null,
                _ => order,
            };

            foreach (var output in order is null ? [] : node.Outputs)
            {
                orders[output] = order!;
            }
        }

        return null;
    }
}
