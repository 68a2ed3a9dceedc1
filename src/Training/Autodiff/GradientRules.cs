using System.Collections.Frozen;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>How each operator is differentiated. In a rule y[i] is the operator's input i, and y.Output what it computed.</summary>
internal static class GradientRules
{
    public static readonly FrozenDictionary<string, GradientRule> ByOp = new Dictionary<string, GradientRule>
    {
        ["Add"] = (g, y, dY) => [dY, dY],
        ["Sub"] = (g, y, dY) => [dY, -dY],
        ["Mul"] = (g, y, dY) => [dY * y[1], dY * y[0]],
        ["Div"] = (g, y, dY) => [dY / y[1], -(dY * y.Output / y[1])],
        ["Neg"] = (g, y, dY) => [-dY],
        ["Exp"] = (g, y, dY) => [dY * y.Output],
        ["Relu"] = (g, y, dY) => [dY * g.Cast(g.Greater(y.Output, g.Scalar(0)), ElementType.Float)],
        ["LogSoftmax"] = (g, y, dY) => [dY - g.Exp(y.Output) * g.ReduceSum(dY, [(int)y.Int("axis", -1)], keep: true)],
        ["ReduceSum"] = ReduceSum,
        ["Identity"] = (g, y, dY) => [dY],
        ["Reshape"] = (g, y, dY) => [g.Reshape(dY, y[0].Shape), null],
        ["Flatten"] = (g, y, dY) => [g.Reshape(dY, y[0].Shape)],
        ["Transpose"] = Transpose,
        ["MatMul"] = (g, y, dY) => [g.MatMul(dY, LastTwoSwapped(g, y[1])), g.MatMul(LastTwoSwapped(g, y[0]), dY)],
        ["Gemm"] = Gemm,
        ["Conv"] = ConvRule.Gradient,
        ["AveragePool"] = AveragePoolRule.Gradient,
        ["MaxPool"] = MaxPool,
        ["BatchNormalization"] = BatchNormalizationRule.Gradient,
        ["LRN"] = LrnRule.Gradient,
        ["Dropout"] = (g, y, dY) => [dY, null, null],
    }.ToFrozenDictionary();

    // Every summed element gets the gradient of its sum: dX = dY stretched along the axes that were summed.
    private static Value?[] ReduceSum(Graph g, Node y, Value dY)
    {
        var x = y[0];
        var axes = y.Inputs.Count > 1 ? g.Initializers[y[1]].Int64s.ToArray() : [.. Enumerable.Range(0, x.Shape.Rank)];
        var kept = axes.Aggregate(x.Shape, (shape, axis) => shape.With((int)axis, 1));
        return [g.Expand(g.Reshape(dY, kept), x.Shape), .. y.Inputs.Skip(1).Select(_ => (Value?)null)];
    }

    private static Value?[] Transpose(Graph g, Node y, Value dY)
    {
        var order = y.Ints("perm", [.. Enumerable.Range(0, y[0].Shape.Rank).Reverse()]);
        return [g.Transpose(dY, [.. Enumerable.Range(0, order.Length).Select(axis => Array.IndexOf(order, axis))])];
    }

    // Y = alpha A' B' + beta C, ' transposing where asked: dA = alpha dY B'^T, dB = alpha A'^T dY, each transposed back, dC = beta dY.
    private static Value?[] Gemm(Graph g, Node y, Value dY)
    {
        bool transA = y.Int("transA") != 0, transB = y.Int("transB") != 0;
        float alpha = y.Float("alpha", 1), beta = y.Float("beta", 1);
        Value a = y[0], b = y[1];
        var dA = transA ? g.Gemm(b, dY, transA: transB, transB: true) : g.Gemm(dY, b, transB: !transB);
        var dB = transB ? g.Gemm(dY, a, transA: true, transB: transA) : g.Gemm(a, dY, transA: !transA);
        return [Scaled(dA, alpha), Scaled(dB, alpha), .. y.Inputs.Skip(2).Select(_ => Scaled(dY, beta))];
    }

    // The largest value of each window gets the gradient: the first of them, where several are equal.
    private static Value?[] MaxPool(Graph g, Node y, Value dY)
    {
        var x = y[0].Shape;
        var indices = g.MaxPoolIndices(y[0], Window.Of(y), y.Int("ceil_mode") != 0);
        var zeros = g.Apply("ConstantOfShape", [g.Constant(Tensor.Of(x.Size))]);
        var flat = new Shape((int)dY.Shape.Size);
        return [g.Reshape(g.ScatterAdd(zeros, g.Reshape(indices, flat), g.Reshape(dY, flat)), x)];
    }

    private static Value Scaled(Value value, float factor) => factor == 1 ? value : value * factor;

    private static Value LastTwoSwapped(Graph g, Value x)
    {
        int rank = x.Shape.Rank;
        return g.Transpose(x, [.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2]);
    }
}
