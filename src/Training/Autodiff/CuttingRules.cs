using Fovea.Models;

namespace Fovea.Training;

// Slice, Pad and Gather take elements from places that are known: each gets the gradient of where it went, and those that went nowhere get zero.
internal static class CuttingRules
{
    // Along axes that were cut without a step dY is padded with zeros. Along the others each element of X finds its own in dY, or a zero put behind it.
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
                stepped.Add((axis, [.. Enumerable.Range(0, size).Select(at => (at - start) % step == 0 && (at - start) / step is var o && o >= 0 && o < count ? o : count)]));
            }
        }

        var dX = stepped.Aggregate(g.Pad(dY, pads), (d, cut) => g.Gather(d, cut.Indices, cut.Axis));
        return [dX, .. y.Inputs.Skip(1).Select(_ => (Value?)null)];
    }

    // Zeros that were added are cut off, and what was cut off gets zeros: padding by as much less. Copied borders add to what they are copies of.
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
                dX = AxisMap.Back(g, dX, axis, size, o => [(Source(o - before, size), 1)]);
            }
        }

        return [dX, .. y.Inputs.Skip(1).Select(_ => (Value?)null)];

        int Source(int place, int size) => mode switch
        {
            "edge" => Math.Clamp(place, 0, size - 1),
            "reflect" => place < 0 ? -place : place >= size ? 2 * (size - 1) - place : place,
            _ => throw new FoveaException(ErrorCode.BadModelFile, $"Node {y.Name} (Pad) cannot be trained: its mode is {mode}; expected constant, edge or reflect."),
        };
    }

    // Y[..o..] = X[..index(o)..], so M is one-hot.
    public static Value?[] Gather(Graph g, Node y, Value dY)
    {
        var (x, indices) = (y[0].Shape, y[1]);
        int axis = (int)y.Int("axis");
        axis = axis < 0 ? axis + x.Rank : axis;
        var map = g.OneHot(g.Reshape(indices, new Shape((int)indices.Shape.Size)), x[axis]);
        return [AxisMap.Back(g, dY, map, axis, x), null];
    }

    private static int[] Known(Node y, string attribute, int input) => y.Given(attribute, input)
        ?? throw new FoveaException(ErrorCode.BadModelFile, $"Node {y.Name} ({y.Op}) cannot be trained: its {attribute} are known only when it runs. Fine-tune with --method head, which needs no gradient through it.");
}
