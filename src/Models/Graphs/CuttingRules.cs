using Fovea.Models.Errors;

namespace Fovea.Models.Graphs;

// Slice, Pad and Gather copy elements: Y[o] = X[i(o)] along each axis, or a constant. The gradient dX[i] is the sum of dY[o] over all o
// with i(o) = i. It is 0 for an element that was not copied.
internal static class CuttingRules
{
    /// <summary>
    /// The gradient rule of Slice. Along an axis with step 1, zeros pad dY to the length of X. Along another axis, a Gather picks the
    /// gradient of each element of X from dY, or a zero that is appended to dY.
    /// </summary>
    public static Value?[] Slice(Graph g, Node y, Value dY)
    {
        var x = y[0].Shape;
        int[] starts = Known(y, "starts", 1), axes = Known(y, "axes", 3), steps = Known(y, "steps", 4);
        var pads = new int[2 * x.Rank];
        var stepped = new List<(int Axis, int[] Indices)>();
        foreach (var (i, given) in starts.Index())
        {
            int axis = axes.Length == 0 ? i : axes[i] < 0 ? axes[i] + x.Rank : axes[i], step = steps.Length == 0 ? 1 : steps[i];
            int size = x[axis], count = dY.Shape[axis], start = Math.Clamp(given < 0 ? given + size : given, 0, step > 0 ? size : size - 1);
            (pads[axis], pads[axis + x.Rank]) = step == 1 ? (start, size - start - count) : (0, 1);
            if (step != 1)
            {
                stepped.Add((axis, [.. Enumerable.Range(0, size).Select(i => OutputIndex(i - start, step, count))]));
            }
        }

        var dX = stepped.Aggregate(g.Pad(dY, pads), (d, cut) => g.Gather(d, cut.Indices, cut.Axis));
        return [dX, .. y.Inputs.Skip(1).Select(_ => (Value?)null)];

        // The output index of the input element at this distance from the start. For an element that was not copied: count, the index of
        // the appended zero.
        static int OutputIndex(int distance, int step, int count) =>
            distance % step == 0 && distance / step is var o && o >= 0 && o < count ? o : count;
    }

    /// <summary>
    /// The gradient rule of Pad. For constant padding it pads dY by the negative amounts: added elements are cut off, and cut-off elements
    /// get zeros. For the modes edge and reflect, the gradients of copies are added to the gradients of their originals.
    /// </summary>
    public static Value?[] Pad(Graph g, Node y, Value dY)
    {
        var x = y[0].Shape;
        int[] pads = Known(y, "pads", 1);
        string mode = y.Text("mode", "constant");
        var dX = dY;
        if (mode == "constant")
        {
            dX = g.Pad(dY, [.. pads.Select(pad => -pad)]);
        }
        else
        {
            foreach (int axis in Enumerable.Range(0, x.Rank).Where(axis => pads[axis] != 0 || pads[axis + x.Rank] != 0))
            {
                int size = x[axis], before = pads[axis];
                dX = AxisMap.Transposed(g, dX, axis, size, o => [(Source(o - before, size), 1)]);
            }
        }

        return [dX, .. y.Inputs.Skip(1).Select(_ => (Value?)null)];

        int Source(int position, int size) => mode switch
        {
            "edge" => Math.Clamp(position, 0, size - 1),
            "reflect" => position < 0 ? -position : position >= size ? 2 * (size - 1) - position : position,
            _ => throw new FoveaException(
                ErrorCode.BadModelFile, $"Node {y.Name} (Pad) cannot be trained: its mode is {mode}; expected constant, edge or reflect."),
        };
    }

    /// <summary>The gradient rule of Gather: Y[..o..] = X[..index(o)..] is a linear map of one axis whose rows are one-hot.</summary>
    public static Value?[] Gather(Graph g, Node y, Value dY)
    {
        var (x, indices) = (y[0].Shape, y[1]);
        int axis = y.Int32("axis");
        axis = axis < 0 ? axis + x.Rank : axis;
        var map = g.OneHot(g.Reshape(indices, new Shape((int)indices.Shape.Size)), x[axis]);
        return [AxisMap.Transposed(g, dY, map, axis, x), null];
    }

    private static int[] Known(Node y, string attribute, int input) => y.Given(attribute, input) ?? throw new FoveaException(
        ErrorCode.BadModelFile,
        $"Node {y.Name} ({y.Op}) cannot be trained: its {attribute} are computed when the graph runs; expected constants. "
        + "Fine-tune with --method head, which needs no gradient of this node.");
}
