using System.Collections.Frozen;
using Fovea.Models;

namespace Fovea.Training;

// For y = f(x0, x1, ...) and the loss L, with dY = dL/dy, a rule returns dXi = dY (dy/dxi) for each input. Products are elementwise unless
// stated otherwise.

/// <summary>The gradient rule of each operator. In a rule, y[i] is the node's input i and y.Output its first output.</summary>
internal static class GradientRules
{
    // A positive number smaller than the values that networks compute. Replacing 0 by it keeps quotients and logarithms finite.
    private const float Tiny = 1e-37f;

    /// <summary>The rules of operators that have a gradient for one output, by the operator's ONNX name.</summary>
    public static readonly FrozenDictionary<string, GradientRule> ByOp = new Dictionary<string, GradientRule>
    {
        ["Add"] = (g, y, dY) => [dY, dY],
        ["Sub"] = (g, y, dY) => [dY, -dY],
        ["Mul"] = (g, y, dY) => [dY * y[1], dY * y[0]],
        ["Div"] = (g, y, dY) => [dY / y[1], -(dY * y.Output / y[1])],
        ["Neg"] = (g, y, dY) => [-dY],
        ["Reciprocal"] = (g, y, dY) => [-(dY * y.Output * y.Output)],
        ["Abs"] = (g, y, dY) => [dY * g.Sign(y[0])],
        ["Pow"] = Pow,
        ["Sqrt"] = (g, y, dY) => [dY * 0.5f / y.Output],
        ["Exp"] = (g, y, dY) => [dY * y.Output],
        ["Log"] = (g, y, dY) => [dY / y[0]],
        ["Erf"] = (g, y, dY) => [dY * g.Exp(-(y[0] * y[0])) * (2 / MathF.Sqrt(MathF.PI))],
        ["Sum"] = (g, y, dY) => [.. y.Inputs.Select(_ => dY)],
        ["Mean"] = (g, y, dY) => [.. Enumerable.Repeat(dY * (1f / y.Inputs.Count), y.Inputs.Count)],
        ["Max"] = Extremum,
        ["Min"] = Extremum,
        ["Clip"] = (g, y, dY) => [dY * g.Mask(g.Equal(y[0], y.Output)), .. Nothing(y.Inputs.Count - 1)],
        ["Where"] = (g, y, dY) => [null, dY * g.Mask(y[0]), dY * g.Mask(g.Not(y[0]))],
        ["Cast"] = (g, y, dY) => [g.Cast(dY, y[0].Type)],

        ["Relu"] = (g, y, dY) => [dY * Positive(g, y.Output)],
        ["LeakyRelu"] = (g, y, dY) => [dY * Between(g, y[0], y.Float("alpha", 0.01f), 1)],
        ["PRelu"] = (g, y, dY) => [g.Where(g.Greater(y[0], g.Scalar(0)), dY, dY * y[1]), dY * g.Min(y[0], g.Scalar(0))],
        ["Elu"] = (g, y, dY) => [dY * ExponentialUnit(g, y, y.Float("alpha", 1), 1)],
        ["Selu"] = Selu,
        ["Sigmoid"] = (g, y, dY) => [dY * (y.Output - y.Output * y.Output)],
        ["Tanh"] = (g, y, dY) => [dY - dY * y.Output * y.Output],
        ["Softplus"] = (g, y, dY) => [dY * g.Sigmoid(y[0])],
        ["HardSigmoid"] = (g, y, dY) => [dY * (InsideUnit(g, y.Output) * y.Float("alpha", 0.2f))],
        ["HardSwish"] = HardSwish,
        ["Softmax"] = Softmax,
        ["LogSoftmax"] = (g, y, dY) => [dY - g.Exp(y.Output) * g.ReduceSum(dY, [(int)y.Int("axis", -1)], keep: true)],

        ["ReduceSum"] = Reduction((g, x, sum, dSum) => g.Expand(dSum, x.Shape)),
        ["ReduceMean"] = Reduction((g, x, mean, dMean) => g.Expand(dMean * (dMean.Shape.Size / (float)x.Shape.Size), x.Shape)),
        ["ReduceMax"] = Reduction(ReducedExtremum),
        ["ReduceMin"] = Reduction(ReducedExtremum),
        ["ReduceSumSquare"] = Reduction((g, x, sum, dSum) => x * (dSum * 2)),
        ["ReduceL1"] = Reduction((g, x, norm, dNorm) => g.Sign(x) * dNorm),
        ["ReduceL2"] = Reduction((g, x, norm, dNorm) => x * (dNorm / g.Max(norm, g.Scalar(Tiny)))),
        ["ReduceLogSumExp"] = Reduction((g, x, log, dLog) => g.Exp(x - log) * dLog),
        ["GlobalAveragePool"] = (g, y, dY) => [g.Expand(dY * (dY.Shape.Size / (float)y[0].Shape.Size), y[0].Shape)],
        ["GlobalMaxPool"] = GlobalMaxPool,

        ["Identity"] = (g, y, dY) => [dY],
        ["Reshape"] = Reshaped,
        ["Flatten"] = Reshaped,
        ["Squeeze"] = Reshaped,
        ["Unsqueeze"] = Reshaped,
        ["Expand"] = (g, y, dY) => [dY, null],
        ["Transpose"] = Transpose,
        ["Concat"] = Concat,
        ["Slice"] = CuttingRules.Slice,
        ["Pad"] = CuttingRules.Pad,
        ["Gather"] = CuttingRules.Gather,
        ["Resize"] = ResizeRule.Gradient,

        // The outputs do not depend on the inputs' values, or are piecewise constant, so their derivative is 0.
        ["Shape"] = None,
        ["ConstantOfShape"] = None,
        ["ArgMax"] = None,
        ["ArgMin"] = None,
        ["OneHot"] = None,
        ["Equal"] = None,
        ["Greater"] = None,
        ["GreaterOrEqual"] = None,
        ["Less"] = None,
        ["LessOrEqual"] = None,
        ["Not"] = None,
        ["And"] = None,
        ["Or"] = None,
        ["Xor"] = None,
        ["Floor"] = None,
        ["Ceil"] = None,
        ["Round"] = None,
        ["Sign"] = None,

        ["MatMul"] = MatMulRule.Gradient,
        ["Gemm"] = Gemm,
        ["Conv"] = ConvRule.Gradient,
        ["ConvTranspose"] = ConvTransposeRule.Gradient,
        ["AveragePool"] = AveragePoolRule.Gradient,
        ["MaxPool"] = MaxPool,
        ["BatchNormalization"] = BatchNormalizationRule.Gradient,
        ["LayerNormalization"] = NormalizationRule.Layer,
        ["InstanceNormalization"] = NormalizationRule.Instance,
        ["LRN"] = LrnRule.Gradient,
        ["Dropout"] = (g, y, dY) => [dY, .. Nothing(y.Inputs.Count - 1)],
    }.ToFrozenDictionary();

    /// <summary>The rules of operators that have gradients for several outputs, by the operator's ONNX name.</summary>
    public static readonly FrozenDictionary<string, GradientRuleOfOutputs> OfOutputsByOp = new Dictionary<string, GradientRuleOfOutputs>
    {
        ["Split"] = (g, y, dYs) => [g.Concat(dYs, (int)y.Int("axis")), .. Nothing(y.Inputs.Count - 1)],
    }.ToFrozenDictionary();

    // Y = A^B: dA = dY B A^(B-1), dB = dY Y log A. dB is 0 where A is 0.
    private static Value?[] Pow(Graph g, Node y, Value dY)
    {
        Value a = y[0], b = y[1];
        bool square = b.Constant is { Type: ElementType.Float, Shape.Size: 1 } exponent && exponent.Floats[0] == 2;
        return [dY * b * (square ? a : g.Pow(a, b + -1)), dY * y.Output * g.Log(g.Max(a, g.Scalar(Tiny)))];
    }

    // Y = max(A, B, ...): the largest operand gets dY; equal operands share it evenly. The same for min.
    private static Value?[] Extremum(Graph g, Node y, Value dY)
    {
        Value[] taken = [.. y.Inputs.Select((_, i) => g.Mask(g.Equal(y[i], y.Output)))];
        var share = taken.Length == 1 ? dY : dY / taken.Aggregate((a, b) => a + b);
        return [.. taken.Select(mask => share * mask)];
    }

    // Y = X S with S = HardSigmoid(X) = clip(X/6 + 1/2, 0, 1). Where 0 < S < 1: dY/dX = S + X/6 = S + (S - 1/2). Elsewhere dY/dX = S, which
    // is 0 or 1.
    private static Value?[] HardSwish(Graph g, Node y, Value dY)
    {
        var s = g.Apply("HardSigmoid", [y[0]], ("alpha", 1 / 6f), ("beta", 0.5f));
        return [dY * (s + InsideUnit(g, s) * (s + -0.5f))];
    }

    private static Value?[] Selu(Graph g, Node y, Value dY)
    {
        float alpha = y.Float("alpha", 1.6732632f), gamma = y.Float("gamma", 1.0507010f);
        return [dY * ExponentialUnit(g, y, alpha * gamma, gamma)];
    }

    // The derivative of Elu and Selu. Y = scale X where X > 0: the derivative is scale. Y = shift (e^X - 1) elsewhere: the derivative is Y
    // + shift.
    private static Value ExponentialUnit(Graph g, Node y, float shift, float scale) =>
        g.Min(y.Output, g.Scalar(0)) + Between(g, y[0], shift, scale);

    // Y = softmax(X): dX = Y (dY - sum(dY Y)), the sum along the axis.
    private static Value?[] Softmax(Graph g, Node y, Value dY)
    {
        var weighted = dY * y.Output;
        return [weighted - y.Output * g.ReduceSum(weighted, [(int)y.Int("axis", -1)], keep: true)];
    }

    private static Value?[] Concat(Graph g, Node y, Value dY)
    {
        int axis = (int)y.Int("axis");
        return [.. g.Split(dY, [.. y.Inputs.Select((_, i) => y[i].Shape[axis])], axis)];
    }

    // Makes the rule of a reduction. gradient computes dX from X, Y and dY; Y and dY have the reduced axes with length 1.
    private static GradientRule Reduction(Func<Graph, Value, Value, Value, Value> gradient) => (g, y, dY) =>
    {
        var x = y[0];
        var kept = y.Output.Shape.Rank == x.Shape.Rank ? y.Output.Shape
            : y.Given("axes", input: 1) is [_, ..] axes ? axes.Aggregate(x.Shape, (shape, axis) => shape.With(axis, 1))
            : new Shape([.. x.Shape.Dimensions.Select(_ => 1)]);
        return [gradient(g, x, g.Reshape(y.Output, kept), g.Reshape(dY, kept)), .. Nothing(y.Inputs.Count - 1)];
    };

    // The elements of X that equal the extremum share its gradient evenly.
    private static Value ReducedExtremum(Graph g, Value x, Value extremum, Value dExtremum)
    {
        var taken = g.Mask(g.Equal(x, extremum));
        int[] axes = [.. Enumerable.Range(0, x.Shape.Rank).Where(axis => extremum.Shape[axis] != x.Shape[axis])];
        return axes.Length == 0 ? dExtremum : taken * (dExtremum / g.ReduceSum(taken, axes, keep: true));
    }

    private static Value?[] Reshaped(Graph g, Node y, Value dY) => [g.Reshape(dY, y[0].Shape), .. Nothing(y.Inputs.Count - 1)];

    private static Value?[] Transpose(Graph g, Node y, Value dY)
    {
        var order = y.Ints("perm", [.. Enumerable.Range(0, y[0].Shape.Rank).Reverse()]);
        return [g.Transpose(dY, [.. Enumerable.Range(0, order.Length).Select(axis => Array.IndexOf(order, axis))])];
    }

    // Y = alpha A' B' + beta C, where A' and B' are A and B, transposed if transA and transB say so.
    // dA' = alpha dY B'^T, dB' = alpha A'^T dY, dC = beta dY.
    private static Value?[] Gemm(Graph g, Node y, Value dY)
    {
        bool transA = y.Int("transA") != 0, transB = y.Int("transB") != 0;
        float alpha = y.Float("alpha", 1), beta = y.Float("beta", 1);
        Value a = y[0], b = y[1];
        var dA = transA ? g.Gemm(b, dY, transA: transB, transB: true) : g.Gemm(dY, b, transB: !transB);
        var dB = transB ? g.Gemm(dY, a, transA: true, transB: transA) : g.Gemm(a, dY, transA: !transA);
        return [Scaled(dA, alpha), Scaled(dB, alpha), .. y.Inputs.Skip(2).Select(_ => Scaled(dY, beta))];
    }

    // The largest element of each window gets the gradient; among equal elements, the first one.
    private static Value?[] MaxPool(Graph g, Node y, Value dY)
    {
        var x = y[0].Shape;
        var indices = g.MaxPoolIndices(y[0], Window.Of(y), y.Int("ceil_mode") != 0);
        var zeros = g.Apply("ConstantOfShape", [g.Constant(Tensor.Of(x.Size))]);
        var flat = new Shape((int)dY.Shape.Size);
        return [g.Reshape(g.ScatterAdd(zeros, g.Reshape(indices, flat), g.Reshape(dY, flat)), x)];
    }

    private static Value?[] None(Graph g, Node y, Value dY) => Nothing(y.Inputs.Count);

    private static Value?[] Nothing(int inputs) => new Value?[inputs];

    // The largest element of each channel gets the gradient; among equal elements, the first one.
    private static Value?[] GlobalMaxPool(Graph g, Node y, Value dY)
    {
        var x = y[0].Shape;
        var channels = new Shape(x[0], x[1], (int)(x.Size / x[0] / x[1]));
        var largest = g.Reshape(g.ArgMax(g.Reshape(y[0], channels), axis: 2), channels.With(2, 1));
        var positions = g.Constant(Tensor.Of([.. Enumerable.Range(0, channels[2]).Select(position => (long)position)]));
        return [g.Reshape(g.Mask(g.Equal(positions, largest)) * g.Reshape(dY, channels.With(2, 1)), x)];
    }

    private static Value Scaled(Value value, float factor) => factor == 1 ? value : value * factor;

    // 1 where x > 0, else 0. A steep hard sigmoid takes one pass on all threads; a comparison and a cast take two passes on one thread.
    private static Value Positive(Graph g, Value x) => g.Apply("HardSigmoid", [x], ("alpha", 1e38f), ("beta", 0f));

    // 1 where 0 < x < 1, else 0. x must be in [0, 1].
    private static Value InsideUnit(Graph g, Value x) => g.Mask(g.Greater(x, x * x));

    // positive where x > 0, elsewhere where x <= 0.
    private static Value Between(Graph g, Value x, float elsewhere, float positive) => Positive(g, x) * (positive - elsewhere) + elsewhere;
}
