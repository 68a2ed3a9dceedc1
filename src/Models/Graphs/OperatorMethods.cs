namespace Fovea.Models.Graphs;

/// <summary>
/// One method for each ONNX operator that Fovea writes, named as in the operator list (https://onnx.ai/onnx/operators, operator set 17).
/// Each method adds a node to the graph and returns its output, whose shape is inferred from the inputs. It throws
/// <c>FoveaException</c> if the shapes do not fit. Binary operators broadcast as in NumPy. Negative axes count from the end.
/// </summary>
public static class OperatorMethods
{
    // Convolutions and matrix products

    /// <summary>
    /// Convolution: X[N, C, H, W] * W[M, C/group, R, S] (+ b[M]). Default: no bias, stride 1, no padding, one group, a generated name.
    /// </summary>
    public static Value Conv(this Graph g, Value x, Value w, Value? b = null, Window? window = null, int group = 1, string? name = null) =>
        g.Add("Conv", b is null ? [x, w] : [x, w, b], [.. (window ?? Window.Of(w)).Attributes(), ("group", (long)group)], name).Output;

    /// <summary>Transposed convolution: the gradient of <see cref="Conv"/> with respect to its input.</summary>
    public static Value ConvTranspose(this Graph g, Value x, Value w, Window window, int[] outputPadding, int group = 1) =>
        g.Apply("ConvTranspose", [x, w], [.. window.Attributes(), ("output_padding", Longs(outputPadding)), ("group", (long)group)]);

    /// <summary>
    /// Matrix product A B + C of A[M, K], B[K, N] and C, which is broadcast to [M, N]. With <paramref name="transA"/>, A has shape [K, M];
    /// with <paramref name="transB"/>, B has shape [N, K].
    /// </summary>
    public static Value Gemm(
        this Graph g, Value a, Value b, Value? c = null, bool transA = false, bool transB = false, string? name = null) =>
        g.Add("Gemm", c is null ? [a, b] : [a, b, c], [("transA", transA ? 1L : 0L), ("transB", transB ? 1L : 0L)], name).Output;

    /// <summary>Matrix product over the last two axes. The other axes are broadcast.</summary>
    public static Value MatMul(this Graph g, Value a, Value b) => g.Apply("MatMul", [a, b]);

    // Elementwise operators

    /// <summary>max(x, 0).</summary>
    public static Value Relu(this Graph g, Value x, string? name = null) => g.Add("Relu", [x], name: name).Output;

    /// <summary>e^x.</summary>
    public static Value Exp(this Graph g, Value x) => g.Apply("Exp", [x]);

    /// <summary>The natural logarithm.</summary>
    public static Value Log(this Graph g, Value x) => g.Apply("Log", [x]);

    /// <summary>a^b.</summary>
    public static Value Pow(this Graph g, Value a, Value b) => g.Apply("Pow", [a, b]);

    /// <summary>x^exponent.</summary>
    public static Value Pow(this Graph g, Value x, float exponent) => g.Apply("Pow", [x, g.Scalar(exponent)]);

    /// <summary>1 / (1 + e^-x).</summary>
    public static Value Sigmoid(this Graph g, Value x) => g.Apply("Sigmoid", [x]);

    /// <summary>The sign: -1, 0 or 1.</summary>
    public static Value Sign(this Graph g, Value x) => g.Apply("Sign", [x]);

    /// <summary>The larger of a and b.</summary>
    public static Value Max(this Graph g, Value a, Value b) => g.Apply("Max", [a, b]);

    /// <summary>The smaller of a and b.</summary>
    public static Value Min(this Graph g, Value a, Value b) => g.Apply("Min", [a, b]);

    /// <summary>The square root.</summary>
    public static Value Sqrt(this Graph g, Value x) => g.Apply("Sqrt", [x]);

    /// <summary>Whether a equals b, elementwise, as booleans.</summary>
    public static Value Equal(this Graph g, Value a, Value b) => g.Apply("Equal", [a, b]);

    /// <summary>Whether a is greater than b, elementwise, as booleans.</summary>
    public static Value Greater(this Graph g, Value a, Value b) => g.Apply("Greater", [a, b]);

    /// <summary>The negation of booleans.</summary>
    public static Value Not(this Graph g, Value a) => g.Apply("Not", [a]);

    /// <summary>Converts booleans to floats: true to 1, false to 0.</summary>
    public static Value Mask(this Graph g, Value a) => g.Cast(a, ElementType.Float);

    /// <summary>a if the condition is true, otherwise b. All three are broadcast.</summary>
    public static Value Where(this Graph g, Value condition, Value a, Value b) => g.Apply("Where", [condition, a, b]);

    /// <summary>The elements converted to another type.</summary>
    public static Value Cast(this Graph g, Value x, ElementType type) => g.Apply("Cast", [x], ("to", (long)type));

    // Normalisations

    /// <summary>e^x divided by the sum of e^x along an axis.</summary>
    public static Value Softmax(this Graph g, Value x, int axis = -1) => g.Apply("Softmax", [x], ("axis", (long)axis));

    /// <summary>log(softmax(x)) along an axis.</summary>
    public static Value LogSoftmax(this Graph g, Value x, int axis = -1) => g.Apply("LogSoftmax", [x], ("axis", (long)axis));

    /// <summary>
    /// Batch normalisation in training mode: X[N, C, H, W] is normalised by each channel's mean and biased variance over [N, H, W], then
    /// multiplied by scale[C], and shift[C] is added. Returns the result and the two statistics, [C] each. The operator requires the
    /// running statistics as inputs, but they have no effect here.
    /// </summary>
    public static (Value Y, Value Mean, Value Variance) BatchNormalization(
        this Graph g, Value x, Value scale, Value shift, Value mean, Value variance, float epsilon, string? name = null)
    {
        // The operator outputs running statistics: momentum * running + (1 - momentum) * batch. With a momentum of 0, these are the batch's
        // statistics.
        name ??= g.FreeName("batchnormalization");
        var node = g.Add(
            "BatchNormalization",
            [x, scale, shift, mean, variance],
            [("epsilon", epsilon), ("momentum", 0f), ("training_mode", 1L)],
            name,
            outputs: [name, $"{name}:mean", $"{name}:variance"]);
        return (node.Outputs[0], node.Outputs[1], node.Outputs[2]);
    }

    /// <summary>
    /// Layer normalisation: X is normalised by its mean and biased variance over the axes from <paramref name="axis"/> on, then multiplied
    /// by the scale, and the shift is added; both have the shape of these axes. Returns the result and 1 / sqrt(variance + epsilon), in
    /// which these axes have length 1.
    /// </summary>
    public static (Value Y, Value InverseDeviation) LayerNormalization(
        this Graph g, Value x, Value scale, Value shift, int axis, float epsilon)
    {
        var name = g.FreeName("layernormalization");
        string[] outputs = [name, $"{name}:mean", $"{name}:inverse"];
        var node = g.Add("LayerNormalization", [x, scale, shift], [("axis", (long)axis), ("epsilon", epsilon)], name, outputs: outputs);
        return (node.Outputs[0], node.Outputs[2]);
    }

    // Pooling operators

    /// <summary>
    /// Means over a sliding window of the last two axes. With <paramref name="ceil"/>, the number of positions is rounded up. With
    /// <paramref name="countPadding"/>, padding counts as zeros in the mean.
    /// </summary>
    public static Value AveragePool(
        this Graph g, Value x, Window window, bool ceil = false, bool countPadding = false, string? name = null)
    {
        (string, object) rounding = ("ceil_mode", ceil ? 1L : 0L), padding = ("count_include_pad", countPadding ? 1L : 0L);
        return g.Add("AveragePool", [x], [.. window.Attributes(), rounding, padding], name).Output;
    }

    /// <summary>
    /// Maxima over a sliding window of the last two axes. With <paramref name="ceil"/>, the number of positions is rounded up.
    /// </summary>
    public static Value MaxPool(this Graph g, Value x, Window window, bool ceil = false, string? name = null) =>
        g.Add("MaxPool", [x], [.. window.Attributes(), ("ceil_mode", ceil ? 1L : 0L)], name).Output;

    /// <summary>The index of each window's maximum in the flattened input, int64; the first index if maxima are equal.</summary>
    public static Value MaxPoolIndices(this Graph g, Value x, Window window, bool ceil)
    {
        string[] outputs = [g.FreeName("largest"), g.FreeName("indices")];
        return g.Add("MaxPool", [x], [.. window.Attributes(), ("ceil_mode", ceil ? 1L : 0L)], outputs: outputs).Outputs[1];
    }

    // Reductions

    /// <summary>
    /// The sum over some axes; over all axes if none is given. With <paramref name="keep"/>, the summed axes stay, with size 1.
    /// </summary>
    public static Value ReduceSum(this Graph g, Value x, ReadOnlySpan<int> axes, bool keep = false) =>
        g.Apply("ReduceSum", axes.IsEmpty ? [x] : [x, g.Constant(Tensor.Of(Longs(axes)))], ("keepdims", keep ? 1L : 0L));

    /// <summary>
    /// The mean over some axes; over all axes if none is given. With <paramref name="keep"/>, the averaged axes stay, with size 1.
    /// </summary>
    public static Value ReduceMean(this Graph g, Value x, ReadOnlySpan<int> axes, bool keep = false)
    {
        (string, object) keepDimensions = ("keepdims", keep ? 1L : 0L);
        return axes.IsEmpty
            ? g.Apply("ReduceMean", [x], keepDimensions)
            : g.Apply("ReduceMean", [x], keepDimensions, ("axes", Longs(axes)));
    }

    /// <summary>The index of the largest element along an axis, int64. The axis is removed.</summary>
    public static Value ArgMax(this Graph g, Value x, int axis) => g.Apply("ArgMax", [x], ("axis", (long)axis), ("keepdims", 0L));

    // Operators that change shapes, or join and cut tensors

    /// <summary>Joins tensors along an axis.</summary>
    public static Value Concat(this Graph g, ReadOnlySpan<Value> parts, int axis) => g.Apply("Concat", [.. parts], ("axis", (long)axis));

    /// <summary>Cuts a tensor along an axis into parts of these sizes.</summary>
    public static IReadOnlyList<Value> Split(this Graph g, Value x, int[] sizes, int axis) =>
        g.Add("Split", [x, g.Constant(Tensor.Of(Longs(sizes)))], [("axis", (long)axis)]).Outputs;

    /// <summary>
    /// The same elements, row-major, in another shape. In <paramref name="shape"/>, 0 copies the input's dimension, and one dimension may
    /// be -1: it is computed so that the number of elements stays the same.
    /// </summary>
    public static Value Reshape(this Graph g, Value x, Shape shape) => g.Apply("Reshape", [x, g.Constant(Tensor.Of(shape.ToInt64()))]);

    /// <summary>Reshapes [N, A, B, ...] to [N, A B ...].</summary>
    public static Value Flatten(this Graph g, Value x, string? name = null) => g.Add("Flatten", [x], [("axis", 1L)], name).Output;

    /// <summary>Reorders the axes: axis i of the output is axis order[i] of the input.</summary>
    public static Value Transpose(this Graph g, Value x, params int[] order) => g.Apply("Transpose", [x], ("perm", Longs(order)));

    /// <summary>Selects a range on each of some axes: from start (inclusive) to end (exclusive), with a step of 1 by default.</summary>
    public static Value Slice(this Graph g, Value x, int[] starts, int[] ends, int[] axes, int[]? steps = null)
    {
        Value Vector(int[] values) => g.Constant(Tensor.Of(Longs(values)));
        return g.Apply("Slice", [x, Vector(starts), Vector(ends), Vector(axes), .. steps is null ? Array.Empty<Value>() : [Vector(steps)]]);
    }

    /// <summary>
    /// Adds zeros around a tensor. <paramref name="pads"/> has the number of elements before each axis, then the number after each axis. A
    /// negative number crops.
    /// </summary>
    public static Value Pad(this Graph g, Value x, int[] pads) => g.Apply("Pad", [x, g.Constant(Tensor.Of(Longs(pads)))]);

    /// <summary>Selects the elements at these indices along an axis.</summary>
    public static Value Gather(this Graph g, Value x, int[] indices, int axis) =>
        g.Apply("Gather", [x, g.Constant(Tensor.Of(Longs(indices)))], ("axis", (long)axis));

    /// <summary>
    /// A copy of <paramref name="x"/> in which <paramref name="updates"/> are added to the elements at <paramref name="indices"/> along an
    /// axis. Several updates of the same element are summed.
    /// </summary>
    public static Value ScatterAdd(this Graph g, Value x, Value indices, Value updates, int axis = 0) =>
        g.Apply("ScatterElements", [x, indices, updates], ("axis", (long)axis), ("reduction", "add"));

    /// <summary>
    /// One-hot encoding of indices[K] as floats of shape [K, columns]: in each row, 1 in the column of the index and 0 in the others.
    /// </summary>
    public static Value OneHot(this Graph g, Value indices, int columns) =>
        g.Apply("OneHot", [indices, g.Constant(Tensor.Of(columns)), g.Constant(Tensor.Of(new Shape(2), 0, 1))]);

    /// <summary>The tensor broadcast to a shape.</summary>
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
