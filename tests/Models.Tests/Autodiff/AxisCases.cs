using Fovea.Models.Graphs;

namespace Fovea.Models.Tests.Autodiff;

/// <summary>Operators that reduce or combine axes.</summary>
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
        ["ReduceSum, axes of a Constant node"] = new(
            [Cube], (g, x) => g.Apply("ReduceSum", [x[0], g.Apply("Constant", [], ("value", Tensor.Of(0, -1)))], ("keepdims", 0L))),
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
        ["GlobalMaxPool"] = new([Images], (g, x) => g.Apply("GlobalMaxPool", [x[0]])),
        ["LayerNormalization"] = new([new(2, 3, 5), new(5), new(5)], (g, x) => g.Apply("LayerNormalization", x)),
        ["LayerNormalization, of channels that come last"] = new(
            [new(2, 3, 2, 4), new(4), new(4)], (g, x) => g.Apply("LayerNormalization", x, ("axis", -1L), ("epsilon", 1e-6f))),
        ["LayerNormalization, of two axes, without a shift"] = new(
            [new(2, 3, 4), new(3, 4)], (g, x) => g.Apply("LayerNormalization", x, ("axis", 1L), ("epsilon", 1e-2f))),
        ["InstanceNormalization"] = new([Images, new(3), new(3)], (g, x) => g.Apply("InstanceNormalization", x)),
        ["CumSum"] = new([Cube], (g, x) => g.Apply("CumSum", [x[0], g.Constant(Tensor.Of(1))])),
        ["CumSum, exclusive"] = new([Cube], (g, x) => g.Apply("CumSum", [x[0], g.Constant(Tensor.Of(-1))], ("exclusive", 1L))),
        ["CumSum, from the end"] = new([Cube], (g, x) => g.Apply("CumSum", [x[0], g.Constant(Tensor.Of(0))], ("reverse", 1L))),
        ["CumSum, exclusive and from the end"] = new(
            [Cube], (g, x) => g.Apply("CumSum", [x[0], g.Constant(Tensor.Of(2))], ("exclusive", 1L), ("reverse", 1L))),
        ["ArgMax"] = new([X], (g, x) => x[0] * (g.Cast(g.ArgMax(x[0], axis: 0), ElementType.Float) + 1)),
        ["ArgMin"] = new([X], (g, x) => x[0] * (g.Cast(g.Apply("ArgMin", [x[0]], ("axis", 1L)), ElementType.Float) + 1)),
    };

    private static long[] Longs(params long[] values) => values;
}
