using System.Runtime.InteropServices;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// Converts the values of a quantised graph to floats. Where the source graph has the whole number q, the copy has (q - zero point) scale.
/// </summary>
internal sealed class QuantizedValues(GraphCopy copy)
{
    private readonly Dictionary<string, Value> constants = [];

    private Graph Graph => copy.Target;

    /// <summary>Returns an operand in floats. A constant is dequantised; a computed value is already floats in the copy.</summary>
    /// <param name="node">The node of the source.</param>
    /// <param name="input">The index of the node's input that is the operand.</param>
    /// <param name="scale">The index of the input that holds the operand's scale.</param>
    /// <param name="zeroPoint">
    /// The index of the input that holds the operand's zero point. The node may omit this input; then it is 0.
    /// </param>
    /// <param name="axis">The axis whose elements have a scale each, if there are several scales.</param>
    public Value Of(Node node, int input, int scale, int zeroPoint, int axis = 0)
    {
        var value = node[input];
        if (value.Constant is not { } tensor)
        {
            return IsRaw(value) ? Dequantized(node, value, scale, zeroPoint) : copy[value];
        }

        var (scales, zeros) = (Numbers(node[scale]), Zeros(node, zeroPoint));
        return Constant(
            value.Name, () => Dequantized(tensor, scales, zeros, node.Op == "DequantizeLinear" ? node.Int32("axis", 1) : axis));
    }

    /// <summary>Returns a constant of whole numbers as floats, less the zero point and not multiplied by a scale.</summary>
    public Value Integers(Node node, int input, int zeroPoint, int axis)
    {
        var tensor = node[input].Constant ?? throw new FoveaException(
            ErrorCode.BadModelFile, $"{node[input].Name} is computed; expected constant weights of whole numbers.");
        return Constant($"{node[input].Name}:integers", () => Dequantized(tensor, [1], Zeros(node, zeroPoint), axis));
    }

    // Whether the value holds bytes that come from the graph's input, such as pixels, and not from a quantising node.
    private static bool IsRaw(Value value) => value.Producer switch
    {
        null => true,
        { Op: "Cast" } => value.Type is ElementType.UInt8 or ElementType.Int8,
        { Op: "Transpose" or "Reshape" or "Identity" or "Slice" or "Pad" or "Gather" or "Squeeze" or "Unsqueeze" } view => IsRaw(view[0]),
        _ => false,
    };

    private Value Dequantized(Node node, Value value, int scale, int zeroPoint)
    {
        float[] scales = Numbers(node[scale]), zeros = Zeros(node, zeroPoint);
        var numbers = Graph.Cast(copy[value], ElementType.Float);
        return scales is [var s] && zeros is [var z]
            ? (numbers + -z) * s
            : throw new FoveaException(
                ErrorCode.BadModelFile, $"{value.Name} has {scales.Length} scales; expected one scale for the pixels of the input.");
    }

    private static float[] Zeros(Node node, int zeroPoint) =>
        node.Inputs.ElementAtOrDefault(zeroPoint) is { } zero ? Numbers(zero) : [0];

    /// <summary>Clips floats to the range that the quantised type can represent. The rounding of quantisation is left out.</summary>
    /// <param name="x">The floats.</param>
    /// <param name="node">The node of the source that quantises.</param>
    /// <param name="scale">The index of the node's input that holds the scale.</param>
    /// <param name="zeroPoint">The index of the input that holds the zero point. The node may omit this input; then it is 0.</param>
    public Value Clipped(Value x, Node node, int scale, int zeroPoint)
    {
        var type = node.Inputs.ElementAtOrDefault(zeroPoint)?.Type ?? ElementType.UInt8;
        var (lowest, highest) = type switch
        {
            ElementType.Int8 => (sbyte.MinValue, sbyte.MaxValue),
            ElementType.UInt16 => (ushort.MinValue, ushort.MaxValue),
            ElementType.Int16 => (short.MinValue, short.MaxValue),
            _ => (0, 255),
        };
        float[] scales = Numbers(node[scale]), zeros = Zeros(node, zeroPoint);
        return scales is [var s] && zeros is [var z]
            ? Graph.Apply("Clip", [x, Graph.Scalar((lowest - z) * s), Graph.Scalar((highest - z) * s)])
            : x;
    }

    /// <summary>The output of a quantised operator in floats; <c>null</c> if the operator is not known.</summary>
    public Value? Computed(Node node) => node.Op switch
    {
        "QLinearConv" => Clipped(Conv(node), node, 6, 7),
        "QLinearMatMul" => Clipped(Graph.Apply("MatMul", [Of(node, 0, 1, 2), Of(node, 3, 4, 5, axis: 1)]), node, 6, 7),
        "QGemm" => Gemm(node),
        "QLinearAdd" => Clipped(Graph.Apply("Add", [Of(node, 0, 1, 2), Of(node, 3, 4, 5)]), node, 6, 7),
        "QLinearMul" => Clipped(Graph.Apply("Mul", [Of(node, 0, 1, 2), Of(node, 3, 4, 5)]), node, 6, 7),
        "QLinearSigmoid" or "QLinearLeakyRelu" or "QLinearSoftmax" => Clipped(Plain(node, "opset"), node, 3, 4),
        "QLinearAveragePool" or "QLinearGlobalAveragePool" => Clipped(Plain(node, "channels_last"), node, 3, 4),
        "QLinearReduceMean" => Clipped(Plain(node), node, 3, 4),
        "QLinearConcat" => Concat(node),
        _ => null,
    };

    // Emits the same operator on floats; its name is the quantised operator's name without QLinear.
    private Value Plain(Node node, params string[] without) =>
        Graph.Apply(node.Op["QLinear".Length..], [Of(node, 0, 1, 2)], Attributes(node, without));

    // Converts a QLinearConv. The scale of its bias is the input's scale times the weights' scale.
    private Value Conv(Node node)
    {
        var bias = node.Inputs.ElementAtOrDefault(8) is { } b ? Bias(node, b, 1, 4) : null;
        var w = Of(node, 3, 4, 5);
        return Graph.Apply("Conv", bias is null ? [Of(node, 0, 1, 2), w] : [Of(node, 0, 1, 2), w, bias], Attributes(node));
    }

    // Converts a QGemm. Its inputs are A with scale and zero point, B with scale and zero point, C, and the output's scale and zero point.
    // The last two are left out if the output is floats.
    private Value Gemm(Node node)
    {
        var c = node.Inputs.ElementAtOrDefault(6) is { } bias ? Bias(node, bias, 1, 4) : null;
        Value a = Of(node, 0, 1, 2), b = Of(node, 3, 4, 5, axis: node.Int("transB") != 0 ? 0 : 1);
        var y = Graph.Apply("Gemm", c is null ? [a, b] : [a, b, c], Attributes(node));
        return node.Inputs.ElementAtOrDefault(7) is null ? y : Clipped(y, node, 7, 8);
    }

    // Converts a QLinearConcat. Its inputs are the output's scale and zero point, and then each part with its scale and zero point.
    private Value Concat(Node node)
    {
        Value[] parts = [.. Enumerable.Range(0, (node.Inputs.Count - 2) / 3).Select(i => Of(node, 2 + (3 * i), 3 + (3 * i), 4 + (3 * i)))];
        return Clipped(Graph.Concat(parts, node.Int32("axis", 1)), node, 0, 1);
    }

    private Value Bias(Node node, Value bias, int scale, int weightScale)
    {
        float x = Numbers(node[scale])[0];
        float[] scales = Array.ConvertAll(Numbers(node[weightScale]), w => w * x);
        return bias.Constant is { } tensor ? Constant(bias.Name, () => Dequantized(tensor, scales, [0], axis: 0)) : copy[bias];
    }

    private Value Constant(string name, Func<Tensor> tensor) =>
        constants.TryGetValue(name, out var known) ? known : constants[name] = Graph.Initializer($"{name}:float", tensor());

    private static Tensor Dequantized(Tensor tensor, float[] scales, float[] zeros, int axis)
    {
        var values = Numbers(tensor);
        int rank = tensor.Shape.Rank, at = axis < 0 ? axis + rank : axis;
        int inner = (int)tensor.Shape.Dimensions.Skip(at + 1).Aggregate(1L, (product, d) => product * d);
        for (int i = 0; i < values.Length; i++)
        {
            int channel = scales.Length == 1 ? 0 : i / inner % scales.Length;
            values[i] = (values[i] - zeros[zeros.Length == 1 ? 0 : channel]) * scales[channel];
        }

        return Tensor.Of(tensor.Shape, values);
    }

    private static (string, object)[] Attributes(Node node, params string[] without) =>
        [.. node.Attributes.Where(a => !without.Contains(a.Key)).Select(a => (a.Key, a.Value))];

    private static float[] Numbers(Value value) => value.Constant is { } tensor
        ? Numbers(tensor)
        : throw new FoveaException(ErrorCode.BadModelFile, $"{value.Name} is computed; expected a constant scale or zero point.");

    private static float[] Numbers(Tensor tensor) => tensor.Type switch
    {
        ElementType.Float => tensor.Floats.ToArray(),
        ElementType.UInt8 => Array.ConvertAll(tensor.Bytes.ToArray(), b => (float)b),
        ElementType.Int8 => Array.ConvertAll(tensor.Bytes.ToArray(), b => (float)(sbyte)b),
        ElementType.UInt16 => Array.ConvertAll(MemoryMarshal.Cast<byte, ushort>(tensor.Bytes.Span).ToArray(), i => (float)i),
        ElementType.Int16 => Array.ConvertAll(MemoryMarshal.Cast<byte, short>(tensor.Bytes.Span).ToArray(), i => (float)i),
        ElementType.Int32 => Array.ConvertAll(tensor.Int32s.ToArray(), i => (float)i),
        var type => throw new FoveaException(
            ErrorCode.BadModelFile, $"Quantised numbers are of the type {type}; expected 8- or 16-bit integers with scales of floats."),
    };
}
