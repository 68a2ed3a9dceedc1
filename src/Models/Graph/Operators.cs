namespace Fovea.Models;

/// <summary>
/// One method for each ONNX operator that Fovea writes, named and ordered as in the operator list
/// (https://onnx.ai/onnx/operators, opset 17). Shapes follow from the inputs.
/// </summary>
public static class Operators
{
    /// <summary>Convolution: X[N, C, H, W] * W[M, C/group, R, S] (+ b[M]).</summary>
    public static Value Conv(this Graph g, Value x, Value w, Value? b = null, Window? window = null, int group = 1, string? name = null) =>
        g.Add("Conv", b is null ? [x, w] : [x, w, b], [.. (window ?? Window.Of(w)).Attributes(), ("group", (long)group)], name).Output;

    /// <summary>Transposed convolution: the gradient of <see cref="Conv"/> with respect to its input.</summary>
    public static Value ConvTranspose(this Graph g, Value x, Value w, Window window, int[] outputPadding, int group = 1) =>
        g.Apply("ConvTranspose", [x, w], [.. window.Attributes(), ("output_padding", Longs(outputPadding)), ("group", (long)group)]);

    /// <summary>alpha A' B' + beta C, ' transposing where asked: A[M, K], B[K, N], C broadcast to [M, N].</summary>
    public static Value Gemm(this Graph g, Value a, Value b, Value? c = null, bool transA = false, bool transB = false, string? name = null) =>
        g.Add("Gemm", c is null ? [a, b] : [a, b, c], [("transA", transA ? 1L : 0L), ("transB", transB ? 1L : 0L)], name).Output;

    /// <summary>Matrix product over the last two axes, the others broadcast.</summary>
    public static Value MatMul(this Graph g, Value a, Value b) => g.Apply("MatMul", [a, b]);

    /// <summary>max(x, 0).</summary>
    public static Value Relu(this Graph g, Value x, string? name = null) => g.Add("Relu", [x], name: name).Output;

    /// <summary>e to the x.</summary>
    public static Value Exp(this Graph g, Value x) => g.Apply("Exp", [x]);

    /// <summary>The natural logarithm.</summary>
    public static Value Log(this Graph g, Value x) => g.Apply("Log", [x]);

    /// <summary>a to the b, broadcast.</summary>
    public static Value Pow(this Graph g, Value a, Value b) => g.Apply("Pow", [a, b]);

    /// <summary>1 / (1 + e to the -x).</summary>
    public static Value Sigmoid(this Graph g, Value x) => g.Apply("Sigmoid", [x]);

    /// <summary>-1, 0 or 1.</summary>
    public static Value Sign(this Graph g, Value x) => g.Apply("Sign", [x]);

    /// <summary>The larger of two numbers, broadcast.</summary>
    public static Value Max(this Graph g, Value a, Value b) => g.Apply("Max", [a, b]);

    /// <summary>The smaller of two numbers, broadcast.</summary>
    public static Value Min(this Graph g, Value a, Value b) => g.Apply("Min", [a, b]);

    /// <summary>The square root.</summary>
    public static Value Sqrt(this Graph g, Value x) => g.Apply("Sqrt", [x]);

    /// <summary>Whether a equals b, elementwise.</summary>
    public static Value Equal(this Graph g, Value a, Value b) => g.Apply("Equal", [a, b]);

    /// <summary>Whether a is greater than b, elementwise.</summary>
    public static Value Greater(this Graph g, Value a, Value b) => g.Apply("Greater", [a, b]);

    /// <summary>Whether a truth value is false.</summary>
    public static Value Not(this Graph g, Value a) => g.Apply("Not", [a]);

    /// <summary>Truth values as 1 and 0.</summary>
    public static Value Mask(this Graph g, Value a) => g.Cast(a, ElementType.Float);

    /// <summary>a where the condition holds, b elsewhere, broadcast.</summary>
    public static Value Where(this Graph g, Value condition, Value a, Value b) => g.Apply("Where", [condition, a, b]);

    /// <summary>The same elements in another type.</summary>
    public static Value Cast(this Graph g, Value x, ElementType type) => g.Apply("Cast", [x], ("to", (long)type));

    /// <summary>The index of the largest element along an axis, which is dropped.</summary>
    public static Value ArgMax(this Graph g, Value x, int axis) => g.Apply("ArgMax", [x], ("axis", (long)axis), ("keepdims", 0L));

    /// <summary>e to the x along an axis, over the sum of them.</summary>
    public static Value Softmax(this Graph g, Value x, int axis = -1) => g.Apply("Softmax", [x], ("axis", (long)axis));

    /// <summary>log(softmax(x)) along an axis.</summary>
    public static Value LogSoftmax(this Graph g, Value x, int axis = -1) => g.Apply("LogSoftmax", [x], ("axis", (long)axis));

    /// <summary>Means over windows of the two last axes. <paramref name="ceil"/>: a window that reaches over the edge counts too.</summary>
    public static Value AveragePool(this Graph g, Value x, Window window, bool ceil = false, bool countPadding = false, string? name = null) =>
        g.Add("AveragePool", [x], [.. window.Attributes(), ("ceil_mode", ceil ? 1L : 0L), ("count_include_pad", countPadding ? 1L : 0L)], name).Output;

    /// <summary>Largest values of windows of the two last axes. <paramref name="ceil"/>: a window that reaches over the edge counts too.</summary>
    public static Value MaxPool(this Graph g, Value x, Window window, bool ceil = false, string? name = null) =>
        g.Add("MaxPool", [x], [.. window.Attributes(), ("ceil_mode", ceil ? 1L : 0L)], name).Output;

    /// <summary>Where in the flattened input the largest value of each window stands: the first of them, int64.</summary>
    public static Value MaxPoolIndices(this Graph g, Value x, Window window, bool ceil)
    {
        var pool = g.Add("MaxPool", [x], [.. window.Attributes(), ("ceil_mode", ceil ? 1L : 0L)], outputs: [g.FreeName("largest"), g.FreeName("indices")]);
        return pool.Outputs[1];
    }

    /// <summary>
    /// Batch normalisation by the batch's own statistics: the normalised values, each channel's mean over [N, H, W], and its biased variance.
    /// </summary>
    public static (Value Y, Value Mean, Value Variance) BatchNormalization(this Graph g, Value x, Value scale, Value shift, Value mean, Value variance, float epsilon, string? name = null)
    {
        // With a momentum of 0 the running statistics that come out are the batch's.
        name ??= g.FreeName("batchnormalization");
        var node = g.Add(
            "BatchNormalization", [x, scale, shift, mean, variance], [("epsilon", epsilon), ("momentum", 0f), ("training_mode", 1L)], name, outputs: [name, $"{name}:mean", $"{name}:variance"]);
        return (node.Outputs[0], node.Outputs[1], node.Outputs[2]);
    }

    /// <summary>The elements put into a copy of <paramref name="x"/> at indices along an axis; those that meet are added.</summary>
    public static Value ScatterAdd(this Graph g, Value x, Value indices, Value updates, int axis = 0) =>
        g.Apply("ScatterElements", [x, indices, updates], ("axis", (long)axis), ("reduction", "add"));

    /// <summary>x to the power of an exponent, broadcast.</summary>
    public static Value Pow(this Graph g, Value x, float exponent) => g.Apply("Pow", [x, g.Scalar(exponent)]);

    /// <summary>The sum over some axes; over all of them where none is given.</summary>
    public static Value ReduceSum(this Graph g, Value x, ReadOnlySpan<int> axes, bool keep = false) =>
        g.Apply("ReduceSum", axes.IsEmpty ? [x] : [x, g.Constant(Tensor.Of(Longs(axes)))], ("keepdims", keep ? 1L : 0L));

    /// <summary>The mean over some axes; over all of them where none is given.</summary>
    public static Value ReduceMean(this Graph g, Value x, ReadOnlySpan<int> axes, bool keep = false) =>
        g.Apply("ReduceMean", [x], [("keepdims", keep ? 1L : 0L), .. axes.IsEmpty ? Array.Empty<(string, object)>() : [("axes", Longs(axes))]]);

    /// <summary>Several tensors one behind the other along an axis.</summary>
    public static Value Concat(this Graph g, ReadOnlySpan<Value> parts, int axis) => g.Apply("Concat", [.. parts], ("axis", (long)axis));

    /// <summary>A tensor cut along an axis into parts of these sizes.</summary>
    public static IReadOnlyList<Value> Split(this Graph g, Value x, int[] sizes, int axis) =>
        g.Add("Split", [x, g.Constant(Tensor.Of(Longs(sizes)))], [("axis", (long)axis)]).Outputs;

    /// <summary>The same elements in another shape.</summary>
    public static Value Reshape(this Graph g, Value x, Shape shape) => g.Apply("Reshape", [x, g.Constant(Tensor.Of(shape.ToInt64()))]);

    /// <summary>[N, ...] to [N, the rest].</summary>
    public static Value Flatten(this Graph g, Value x, string? name = null) => g.Add("Flatten", [x], [("axis", 1L)], name).Output;

    /// <summary>The axes in another order.</summary>
    public static Value Transpose(this Graph g, Value x, params int[] order) => g.Apply("Transpose", [x], ("perm", Longs(order)));

    /// <summary>Part of some axes: from start (inclusive) to end (exclusive) by step.</summary>
    public static Value Slice(this Graph g, Value x, int[] starts, int[] ends, int[] axes, int[]? steps = null)
    {
        Value Vector(int[] values) => g.Constant(Tensor.Of(Longs(values)));
        return g.Apply("Slice", [x, Vector(starts), Vector(ends), Vector(axes), .. steps is null ? Array.Empty<Value>() : [Vector(steps)]]);
    }

    /// <summary>Zeros put around a tensor, or elements cut off where a pad is negative: for each axis the number before it, then for each the number after it.</summary>
    public static Value Pad(this Graph g, Value x, int[] pads) => g.Apply("Pad", [x, g.Constant(Tensor.Of(Longs(pads)))]);

    /// <summary>The elements at these places of an axis.</summary>
    public static Value Gather(this Graph g, Value x, int[] indices, int axis) => g.Apply("Gather", [x, g.Constant(Tensor.Of(Longs(indices)))], ("axis", (long)axis));

    /// <summary>A row for each of the indices [K], 1 in its column and 0 in the others: [K, columns].</summary>
    public static Value OneHot(this Graph g, Value indices, int columns) =>
        g.Apply("OneHot", [indices, g.Constant(Tensor.Of(columns)), g.Constant(Tensor.Of(new Shape(2), 0, 1))]);

    /// <summary>The tensor stretched to a larger shape, as broadcasting would.</summary>
    public static Value Expand(this Graph g, Value x, Shape shape) => g.Apply("Expand", [x, g.Constant(Tensor.Of(shape.ToInt64()))]);

    private static long[] Longs(ReadOnlySpan<int> values)
    {
        var longs = new long[values.Length];
        for (int i = 0; i < longs.Length; i++)
        {
            longs[i] = values[i];
        }

        return longs;
    }
}
