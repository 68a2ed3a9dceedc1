using Fovea.Models;

namespace Fovea.Training;

// An image is resized along each axis by itself: output element o stands at x(o) of the input, and is the element nearest to that (nearest) or
// the mean of its two neighbours, weighted by their closeness (linear). dX is that map transposed, axis by axis.
internal static class ResizeRule
{
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
                dX = AxisMap.Back(g, dX, axis, from, mode switch
                {
                    "nearest" => o => [(Math.Clamp(Nearest(y, Place(y, o, scale, from, to)), 0, from - 1), 1)],
                    "linear" => o => Linear(Place(y, o, scale, from, to), from),
                    _ => throw Unknown(y, "mode", mode, "nearest or linear"),
                });
            }
        }

        return [dX, .. y.Inputs.Skip(1).Select(_ => (Value?)null)];
    }

    private static float Place(Node y, int o, float scale, int from, int to) => y.Text("coordinate_transformation_mode", "half_pixel") switch
    {
        "half_pixel" => (o + 0.5f) / scale - 0.5f,
        "pytorch_half_pixel" => to > 1 ? (o + 0.5f) / scale - 0.5f : 0,
        "tf_half_pixel_for_nn" => (o + 0.5f) / scale,
        "asymmetric" => o / scale,
        "align_corners" => to > 1 ? o * (from - 1f) / (to - 1) : 0,
        var mode => throw Unknown(y, "coordinate_transformation_mode", mode, "half_pixel, pytorch_half_pixel, tf_half_pixel_for_nn, asymmetric or align_corners"),
    };

    private static int Nearest(Node y, float place) => (int)(y.Text("nearest_mode", "round_prefer_floor") switch
    {
        "round_prefer_floor" => MathF.Ceiling(place - 0.5f),
        "round_prefer_ceil" => MathF.Floor(place + 0.5f),
        "floor" => MathF.Floor(place),
        "ceil" => MathF.Ceiling(place),
        var mode => throw Unknown(y, "nearest_mode", mode, "round_prefer_floor, round_prefer_ceil, floor or ceil"),
    });

    private static IEnumerable<(int, float)> Linear(float place, int size)
    {
        float inside = Math.Clamp(place, 0, size - 1);
        int before = (int)inside;
        yield return (before, 1 - (inside - before));
        yield return (Math.Min(before + 1, size - 1), inside - before);
    }

    private static FoveaException Unknown(Node y, string attribute, string value, string expected) =>
        new(ErrorCode.BadModelFile, $"Node {y.Name} (Resize) cannot be trained: its {attribute} is {value}; expected {expected}. Fine-tune with --method head, which needs no gradient through it.");
}
