using Fovea.Models.Graphs;

namespace Fovea.Models.Tests.Autodiff;

/// <summary>Operators that move elements.</summary>
internal static class PlaceCases
{
    private static readonly Shape X = new(2, 3), Cube = new(2, 3, 4), Images = new(2, 3, 4, 5);

    public static readonly Dictionary<string, GradientCase> All = new()
    {
        ["Reshape"] = new([X], (g, x) => g.Reshape(x[0], new Shape(3, 2))),
        ["Flatten"] = new([Cube], (g, x) => g.Flatten(x[0])),
        ["Squeeze"] = new([new(2, 1, 3, 1)], (g, x) => g.Apply("Squeeze", [x[0], g.Constant(Tensor.Of(1, -1))])),
        ["Squeeze, of all"] = new([new(2, 1, 3, 1)], (g, x) => g.Apply("Squeeze", [x[0]])),
        ["Unsqueeze"] = new([X], (g, x) => g.Apply("Unsqueeze", [x[0], g.Constant(Tensor.Of(0, -1))])),
        ["Transpose"] = new([Cube], (g, x) => g.Transpose(x[0], 2, 0, 1)),
        ["Expand"] = new([new(3, 1)], (g, x) => g.Expand(x[0], new(2, 3, 4))),
        ["Concat"] = new([new(2, 1), new(2, 3), new(2, 2)], (g, x) => g.Concat(x, axis: 1)),
        ["Concat, an axis from the end"] = new([new(2, 1, 2), new(2, 3, 2)], (g, x) => g.Concat(x, axis: -2)),
        ["Concat, of a value with itself"] = new([X], (g, x) => g.Concat([x[0], x[0]], axis: 0)),
        ["Split"] = new(
            [new(2, 6)],
            (g, x) => g.Split(x[0], [1, 2, 3], axis: 1) is [var a, var b, var c] ? g.Concat([c, g.Exp(a), b * b], axis: 1) : x[0]),
        ["Split, one part unused"] = new([new(2, 6)], (g, x) => g.Split(x[0], [1, 2, 3], axis: -1)[1]),
        ["Split, even"] = new(
            [new(4, 3)], (g, x) => g.Add("Split", [x[0]], outputs: ["upper", "lower"]).Outputs is [var a, var b] ? a * b : x[0]),
        ["Slice"] = new([new(3, 6)], (g, x) => g.Slice(x[0], [1, 2], [3, 5], [0, 1])),
        ["Slice, bounds from the end and beyond it"] = new([new(3, 6)], (g, x) => g.Slice(x[0], [-4, -9], [int.MaxValue, -1], [-1, 0])),
        ["Slice, without axes"] = new(
            [new(3, 6)], (g, x) => g.Apply("Slice", [x[0], g.Constant(Tensor.Of(1, 2)), g.Constant(Tensor.Of(3, 5))])),
        ["Slice, by steps"] = new([new(3, 7)], (g, x) => g.Slice(x[0], [1, 1], [3, 7], [0, 1], [1, 2])),
        ["Slice, backwards"] = new([new(3, 7)], (g, x) => g.Slice(x[0], [-1, 2], [int.MinValue, int.MinValue], [1, 0], [-3, -1])),
        ["Slice, every second of both axes"] = new([new(5, 6)], (g, x) => g.Slice(x[0], [0, 1], [5, 6], [0, 1], [2, 2])),
        ["Pad"] = new([new(2, 3, 2)], (g, x) => g.Pad(x[0], [0, 1, 2, 0, 0, 3])),
        ["Pad, that cuts off"] = new([new(2, 4, 3)], (g, x) => g.Pad(x[0], [0, -1, 2, 0, 1, -1])),
        ["Pad, by a value"] = new([X], (g, x) => g.Apply("Pad", [x[0], g.Constant(Tensor.Of(0, 1, 1, 0)), g.Scalar(7)])),
        ["Pad, of reflections"] = new(
            [new(2, 3, 4)], (g, x) => g.Apply("Pad", [x[0], g.Constant(Tensor.Of(0, 2, 1, 0, 1, 3))], ("mode", "reflect"))),
        ["Pad, of the edge"] = new(
            [new(2, 3, 4)], (g, x) => g.Apply("Pad", [x[0], g.Constant(Tensor.Of(0, 2, 1, 0, 1, 3))], ("mode", "edge"))),
        ["Gather"] = new([new(2, 4, 3)], (g, x) => g.Gather(x[0], [3, 0, 3, -2], axis: 1)),
        ["Gather, last axis from the end"] = new([new(2, 4)], (g, x) => g.Gather(x[0], [3, 0, 3], axis: -1)),
        ["Gather, of one"] = new(
            [new(2, 4, 3)],
            (g, x) =>
                g.Apply(
                    "Gather", [x[0], g.Constant(new Tensor(ElementType.Int64, Shape.Scalar, BitConverter.GetBytes(2L)))], ("axis", 1L))),
        ["Gather, by a table"] = new(
            [new(5, 2)], (g, x) => g.Apply("Gather", [x[0], g.Reshape(g.Constant(Tensor.Of(4, 1, 1, 0, 4, 1)), new(2, 3))])),
        ["Gather, by what is computed"] = new([new(3, 2)], (g, x) => g.Apply("Gather", [x[0], g.ArgMax(x[0], axis: 0)])),
        ["Resize"] = new(
            [Images],
            (g, x) =>
                g.Apply(
                    "Resize",
                    [x[0], null, Scales(g, 1, 1, 2, 3)],
                    ("mode", "nearest"),
                    ("coordinate_transformation_mode", "asymmetric"),
                    ("nearest_mode", "floor"))),
        ["Resize, to the nearest of half pixels"] = new(
            [Images], (g, x) => g.Apply("Resize", [x[0], null, null, g.Constant(Tensor.Of(2, 3, 7, 3))])),
        ["Resize, to the nearest above"] = new(
            [Images],
            (g, x) =>
                g.Apply(
                    "Resize",
                    [x[0], null, Scales(g, 1, 1, 0.5f, 1.5f)],
                    ("coordinate_transformation_mode", "asymmetric"),
                    ("nearest_mode", "ceil"))),
        ["Resize, to the nearest of aligned corners"] = new(
            [Images],
            (g, x) =>
                g.Apply(
                    "Resize",
                    [x[0], null, Scales(g, 1, 1, 2, 2.5f)],
                    ("coordinate_transformation_mode", "align_corners"),
                    ("nearest_mode", "round_prefer_ceil"))),
        ["Resize, linear"] = new([Images], (g, x) => g.Apply("Resize", [x[0], null, Scales(g, 1, 1, 2, 2)], ("mode", "linear"))),
        ["Resize, linear, as PyTorch scales by a fraction"] = new(
            [Images],
            (g, x) =>
                g.Apply(
                    "Resize",
                    [x[0], null, Scales(g, 1, 1, 1.7f, 0.6f)],
                    ("mode", "linear"),
                    ("coordinate_transformation_mode", "pytorch_half_pixel"))),
        ["Resize, linear, to a size with aligned corners"] = new(
            [Images],
            (g, x) =>
                g.Apply(
                    "Resize",
                    [x[0], null, null, g.Constant(Tensor.Of(2, 3, 7, 1))],
                    ("mode", "linear"),
                    ("coordinate_transformation_mode", "align_corners"))),
        ["OneHot"] = new([X], (g, x) => x[0] * (g.OneHot(g.ArgMax(x[0], axis: 1), 3) + 1)),
        ["Shape"] = new([X], (g, x) => x[0] * g.Cast(g.ReduceSum(g.Apply("Shape", [x[0]]), []), ElementType.Float)),
        ["ConstantOfShape"] = new([X], (g, x) => x[0] + g.Apply("ConstantOfShape", [g.Apply("Shape", [x[0]])])),
    };

    private static Value Scales(Graph g, params float[] scales) => g.Constant(Tensor.Of(new Shape(scales.Length), scales));
}
