using Fovea.Models;

namespace Fovea.Training;

/// <summary>Forms of a convolution and of its gradient towards its input; null where ONNX Runtime's own is as good.</summary>
internal static class ConvForms
{
    /// <summary>A convolution.</summary>
    public static Value? Forward(Layouts layouts, Node node, Value?[] inputs, bool relu)
    {
        Value x = inputs[0]!, w = inputs[1]!;
        var window = Window.Of(node);
        int channels = x.Shape[1];
        if (node.Int("group", 1) != 1 || !Layouts.Blocks(w.Shape[0]) || !(Layouts.Blocks(channels) || channels < Layouts.Block))
        {
            return null;
        }

        var image = channels < Layouts.Block ? x : layouts.Blocked(x);
        return layouts.Plain(layouts.Conv(image, layouts.Filters(w), inputs.ElementAtOrDefault(2), window, relu));
    }

    /// <summary>A transposed convolution: with steps of one, a convolution with the kernels turned round.</summary>
    public static Value? InputGradient(Layouts layouts, Node node, Value?[] inputs)
    {
        Value dY = inputs[0]!, w = inputs[1]!;
        var window = Window.Of(node);
        if (node.Int("group", 1) != 1 || !Layouts.Blocks(w.Shape[0]) || !Layouts.Blocks(w.Shape[1]) || window.Strides is not [1, 1] || inputs.ElementAtOrDefault(2) is not null)
        {
            return null;
        }

        int[] extra = node.Ints("output_padding", 0, 0);
        int[] before = [window.Extent(0) - 1 - window.Before[0], window.Extent(1) - 1 - window.Before[1]];
        int[] after = [window.Extent(0) - 1 - window.After[0] + extra[0], window.Extent(1) - 1 - window.After[1] + extra[1]];
        if (before.Concat(after).Any(padding => padding < 0))
        {
            return null;
        }

        return layouts.Plain(layouts.Conv(layouts.Blocked(dY), layouts.TurnedFilters(w), null, window with { Before = before, After = after }));
    }
}
