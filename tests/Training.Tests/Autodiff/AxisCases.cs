using Fovea.Models;

namespace Fovea.Training.Tests;

internal static class AxisCases
{
    private static readonly Shape X = new(2, 3), Cube = new(2, 3, 4), Images = new(2, 3, 4, 5);

    public static readonly Dictionary<string, GradientCase> All = new()
    {
        ["Softmax"] = new([X], (g, x) => g.Softmax(x[0])),
        ["Softmax, an axis in the middle"] = new([Cube], (g, x) => g.Softmax(x[0], axis: 1)),
        ["Softmax, an axis from the end"] = new([Cube], (g, x) => g.Softmax(x[0], axis: -2)),
        ["LogSoftmax"] = new([X], (g, x) => g.LogSoftmax(x[0])),
        ["LogSoftmax, first axis"] = new([X], (g, x) => g.LogSoftmax(x[0], axis: 0)),

        ["ReduceSum"] = new([X], (g, x) => g.ReduceSum(x[0], [])),
        ["ReduceSum, one axis"] = new([Cube], (g, x) => g.ReduceSum(x[0], [1])),
        ["ReduceSum, axes kept"] = new([Cube], (g, x) => g.ReduceSum(x[0], [0, 2], keep: true)),
        ["ReduceSum, an axis from the end"] = new([Cube], (g, x) => g.ReduceSum(x[0], [-2])),
        ["ReduceSum, axes of a Constant node"] = new([Cube], (g, x) => g.Apply("ReduceSum", [x[0], g.Apply("Constant", [], ("value", Tensor.Of(0, -1)))], ("keepdims", 0L))),
        ["ReduceSum, no axes that mean none"] = new([Cube], (g, x) => g.Apply("ReduceSum", [x[0]], ("noop_with_empty_axes", 1L))),
        ["ReduceMean"] = new([Cube], (g, x) => g.ReduceMean(x[0], [])),
        ["ReduceMean, an axis from the end"] = new([Cube], (g, x) => g.ReduceMean(x[0], [-1])),
        ["ReduceMean, axes kept"] = new([Images], (g, x) => g.ReduceMean(x[0], [2, 3], keep: true)),
        ["ReduceMax"] = new([X], (g, x) => g.Apply("ReduceMax", [x[0]])),
        ["ReduceMax, axes dropped"] = new([Cube], (g, x) => g.Apply("ReduceMax", [x[0]], ("axes", Longs(0, -1)), ("keepdims", 0L))),
        ["ReduceMax, an axis of one"] = new([new(2, 1, 3)], (g, x) => g.Apply("ReduceMax", [x[0]], ("axes", Longs(1)))),
        ["ReduceMin"] = new([Cube], (g, x) => g.Apply("ReduceMin", [x[0]], ("axes", Longs(1)))),
        ["ReduceSumSquare"] = new([Cube], (g, x) => g.Apply("ReduceSumSquare", [x[0]], ("axes", Longs(1)), ("keepdims", 0L))),
        ["ReduceL1"] = new([Cube], (g, x) => g.Apply("ReduceL1", [x[0]], ("axes", Longs(1)))),
        ["ReduceL2"] = new([Cube], (g, x) => g.Apply("ReduceL2", [x[0]], ("axes", Longs(-1)), ("keepdims", 0L))),
        ["ReduceLogSumExp"] = new([Cube], (g, x) => g.Apply("ReduceLogSumExp", [x[0]], ("axes", Longs(1)), ("keepdims", 0L))),
        ["GlobalAveragePool"] = new([Images], (g, x) => g.Apply("GlobalAveragePool", [x[0]])),
        ["ArgMax"] = new([X], (g, x) => x[0] * (g.Cast(g.ArgMax(x[0], axis: 0), ElementType.Float) + 1)),
        ["ArgMin"] = new([X], (g, x) => x[0] * (g.Cast(g.Apply("ArgMin", [x[0]], ("axis", 1L)), ElementType.Float) + 1)),

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
        ["Split"] = new([new(2, 6)], (g, x) => g.Split(x[0], [1, 2, 3], axis: 1) is [var a, var b, var c] ? g.Concat([c, g.Exp(a), b * b], axis: 1) : x[0]),
        ["Split, one part unused"] = new([new(2, 6)], (g, x) => g.Split(x[0], [1, 2, 3], axis: -1)[1]),
        ["Split, even"] = new([new(4, 3)], (g, x) => g.Add("Split", [x[0]], outputs: ["upper", "lower"]).Outputs is [var a, var b] ? a * b : x[0]),
        ["Shape"] = new([X], (g, x) => x[0] * g.Cast(g.ReduceSum(g.Apply("Shape", [x[0]]), []), ElementType.Float)),
        ["ConstantOfShape"] = new([X], (g, x) => x[0] + g.Apply("ConstantOfShape", [g.Apply("Shape", [x[0]])])),
    };

    private static long[] Longs(params long[] values) => values;
}
