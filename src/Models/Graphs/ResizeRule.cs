using Fovea.Models.Errors;

namespace Fovea.Models.Graphs;

// Resize works along each axis separately. Output element o has the position x(o) in the input, by the coordinate transformation.
// Mode nearest: Y[o] = X[round(x(o))]. Mode linear: Y[o] = (1 - t) X[i] + t X[i + 1], with i = floor(x(o)) and t = x(o) - i.
// Both modes are linear maps of an axis. dX is dY with the transposed map of each axis applied, one after the other.
internal static class ResizeRule
{
    /// <summary>The gradient rule of Resize; region, scales and sizes have no gradient.</summary>
    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        var x = y[0].Shape;
        var scales = y.Inputs.ElementAtOrDefault(3) is null ? y[2].Constant?.Floats.ToArray() : null;
        string mode = y.Text("mode", "nearest");
        var dX = dY;
        for (int axis = 0; axis < x.Rank; axis++)
        {
            int from = x[axis], to = dY.Shape[axis];
            float scale = scales?[axis] ?? (float)to / from;
            if (from != to || scale != 1)
            {
                dX = AxisMap.Transposed(g, dX, axis, from, mode switch
                {
                    "nearest" => o => [(Math.Clamp(Nearest(y, Position(y, o, scale, from, to)), 0, from - 1), 1)],
                    "linear" => o => Linear(Position(y, o, scale, from, to), from),
                    _ => throw Unknown(y, "mode", mode, "nearest or linear"),
                });
            }
        }

        return [dX, .. y.Inputs.Skip(1).Select(_ => (Value?)null)];
    }

    // x(o): the position in an input axis of length from, for an output axis of length to.
    private static float Position(Node y, int o, float scale, int from, int to)
    {
        const string Attribute = "coordinate_transformation_mode";
        return y.Text(Attribute, "half_pixel") switch
        {
            "half_pixel" => (o + 0.5f) / scale - 0.5f,
            "pytorch_half_pixel" => to > 1 ? (o + 0.5f) / scale - 0.5f : 0,
            "tf_half_pixel_for_nn" => (o + 0.5f) / scale,
            "asymmetric" => o / scale,
            "align_corners" => to > 1 ? o * (from - 1f) / (to - 1) : 0,
            var mode => throw Unknown(
                y, Attribute, mode, "half_pixel, pytorch_half_pixel, tf_half_pixel_for_nn, asymmetric or align_corners"),
        };
    }

    private static int Nearest(Node y, float position) => (int)(y.Text("nearest_mode", "round_prefer_floor") switch
    {
        "round_prefer_floor" => MathF.Ceiling(position - 0.5f),
        "round_prefer_ceil" => MathF.Floor(position + 0.5f),
        "floor" => MathF.Floor(position),
        "ceil" => MathF.Ceiling(position),
        var mode => throw Unknown(y, "nearest_mode", mode, "round_prefer_floor, round_prefer_ceil, floor or ceil"),
    });

    private static IEnumerable<(int, float)> Linear(float position, int size)
    {
        float clamped = Math.Clamp(position, 0, size - 1);
        int before = (int)clamped;
        yield return (before, 1 - (clamped - before));
        yield return (Math.Min(before + 1, size - 1), clamped - before);
    }

    private static FoveaException Unknown(Node y, string attribute, string value, string expected) => new(
        ErrorCode.BadModelFile,
        $"Node {y.Name} (Resize) cannot be trained: its {attribute} is {value}; expected {expected}. "
        + "Fine-tune with --method head, which needs no gradient of this node.");
}
