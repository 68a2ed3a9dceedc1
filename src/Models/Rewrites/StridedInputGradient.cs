using Fovea.Models.Graphs;
using Fovea.Models.Kernels;

namespace Fovea.Models.Rewrites;

// Along one axis, with stride s, padding p and the kernel w of K elements, the gradient of a convolution's input at x = s i + a is
//     dX[s i + a] = sum over r of dY[(s i + a + p - r) / s] w[r]
// over the r for which the division is exact: r = r0 + s t, r0 = (a + p) mod s, t < T. So the pixels of each phase a are a convolution of
// dY with the T elements of the kernel in reverse order, with stride 1 and the padding T - 1 - (a + p - r0) / s before. Together the phases
// have the multiplications of the gradient, and none with zeros. A kernel then interleaves them.

/// <summary>
/// Rewrites the gradient of the input of a convolution with strides of 2 as a convolution for each phase of the pixels. ONNX Runtime
/// computes it as a matrix product, whose result has all elements of the kernel for each pixel of dY, and adds these up on one thread.
/// </summary>
internal static class StridedInputGradient
{
    /// <summary>The rewrite of a transposed convolution; null if the strides are not 2, or if the channels fill no blocks.</summary>
    public static IReadOnlyList<Value>? Of(RewriteContext context, Node node, Value?[] inputs)
    {
        Value dY = inputs[0]!, w = inputs[1]!;
        var (window, layouts, size) = (Window.Of(node), context.Layouts, node.Output.Shape);
        if (node.Int("group", 1) != 1 || inputs.ElementAtOrDefault(2) is not null || window is not { Strides: [2, 2], Dilations: [1, 1] }
            || !layouts.Blocks(w.Shape[0]) || !layouts.Blocks(w.Shape[1]) || !size.IsKnown)
        {
            return null;
        }

        Taps[] down = [.. Enumerable.Range(0, 2).Select(phase => Taps.Of(window, 0, phase, size[2], dY.Shape[2]))];
        Taps[] across = [.. Enumerable.Range(0, 2).Select(phase => Taps.Of(window, 1, phase, size[3], dY.Shape[3]))];
        if (down[0].Count == 0 || across[0].Count == 0 || down.Concat(across).Any(taps => taps.Before < 0 || taps.After < 0))
        {
            return null;
        }

        Value?[] phases = [.. down.SelectMany(_ => across, (rows, columns) => Phase(layouts, dY, w, rows, columns))];
        while (phases[^1] is null)
        {
            phases = phases[..^1];
        }

        var shape = new PhaseShape(size[1], size[2], size[3]);
        return [context.Target.Apply(CustomOperators.Domain, CustomOperators.Interleaving, phases, size, shape.Attributes())];
    }

    private static Value? Phase(Layouts layouts, Value dY, Value w, Taps rows, Taps columns)
    {
        if (rows.Count == 0 || columns.Count == 0)
        {
            return null;
        }

        var window = new Window(
            [rows.Count, columns.Count], [1, 1], [rows.Before, columns.Before], [rows.After, columns.After], [1, 1]);
        var filters = layouts.BackwardFilters(w, rows.Reversed, columns.Reversed);
        return layouts.Plain(layouts.Conv(layouts.Blocked(dY), filters, null, window));
    }

    // The elements of the kernel that a phase takes along one axis, and the padding of its convolution.
    private sealed record Taps(int First, int Count, int Before, int After)
    {
        public int[] Reversed => [.. Enumerable.Range(0, Count).Select(tap => First + (2 * tap)).Reverse()];

        public static Taps Of(Window window, int axis, int phase, int size, int gradients)
        {
            int first = (phase + window.Before[axis]) % 2, count = Math.Max(0, window.Kernel[axis] - first + 1) / 2;
            int results = (size - phase + 1) / 2;
            if (count == 0 || results == 0)
            {
                // No element of the kernel reaches the pixels of this phase, or an axis of one pixel has none.
                return new(first, 0, 0, 0);
            }

            int before = count - 1 - ((phase + window.Before[axis] - first) / 2);
            return new(first, count, before, results - gradients - before + count - 1);
        }
    }
}
