namespace Fovea.Models;

/// <summary>
/// The elements of small integer tensors, as far as they are known before a graph runs: exported graphs compute shapes from shapes, and all but
/// the batch in them is known. An element is null where it is not; row-major.
/// </summary>
internal static class PartialValues
{
    private const int Most = 256;

    /// <summary>The elements; null where none is known, or where there are too many to be a shape, axes or pads.</summary>
    public static long?[]? Of(Value value) => value.Elements ?? (TensorOf(value) is not { } tensor || tensor.Shape.Size > Most ? null : tensor.Type switch
    {
        ElementType.Int64 => [.. tensor.Int64s.ToArray().Select(element => (long?)element)],
        ElementType.Int32 => [.. tensor.Int32s.ToArray().Select(element => (long?)element)],
        _ => null,
    });

    /// <summary>A constant's tensor, be it an initializer or a node.</summary>
    public static Tensor? TensorOf(Value value) => value.Producer is { Op: "Constant", Domain: "" } node ? Constant(node) : value.Graph.Initializers.GetValueOrDefault(value);

    /// <summary>What a Constant node holds, of the forms that it has for it; null for text and sparse tensors.</summary>
    public static Tensor? Constant(Node node) => node.Attributes.FirstOrDefault().Value switch
    {
        Tensor tensor => tensor,
        long number => new Tensor(ElementType.Int64, Shape.Scalar, BitConverter.GetBytes(number)),
        long[] numbers => Tensor.Of(numbers),
        float number => Tensor.Scalar(number),
        float[] numbers => Tensor.Of(new Shape(numbers.Length), numbers),
        _ => null,
    };

    /// <summary>The shape that a vector holds; unknown elements are free dimensions.</summary>
    public static Shape ShapeIn(Value value) => Of(value) is { } elements ? new Shape([.. elements.Select(d => d is null ? Shape.Free : Clamped(d.Value))])
        : value.Shape is { Rank: 1, IsKnown: true } vector ? new Shape([.. Enumerable.Repeat(Shape.Free, vector[0])])
        : Shape.Unknown;

    /// <summary>The numbers that an operator takes as an attribute in one operator set and as an input in another: empty where they are left out, null where not known.</summary>
    public static int[]? Given(Node node, int input, string attribute) => node.Attributes.ContainsKey(attribute) ? node.Ints(attribute)
        : node.Inputs.ElementAtOrDefault(input) is not { } value ? []
        : Of(value) is { } elements && !elements.Contains(null) ? [.. elements.Select(element => Clamped(element!.Value))]
        : null;

    /// <summary>The dimensions that a Shape node gives; since opset 15 it may be part of them.</summary>
    public static int[] ShapeOf(Node node)
    {
        var x = node[0].Shape.Dimensions;
        int Bound(long index) => (int)Math.Clamp(index < 0 ? index + x.Length : index, 0, x.Length);
        int start = Bound(node.Int("start"));
        return [.. x[start..Math.Max(start, Bound(node.Int("end", x.Length)))]];
    }

    /// <summary>The elements of a node's output, from those of its inputs; null where nothing is known of them.</summary>
    public static long?[]? Evaluate(Node node) =>
        node.Domain.Length > 0 || node.Outputs is not [{ Shape: { IsKnown: true, Rank: <= 2 } shape }, ..] || shape.Size > Most ? null : node.Op switch
        {
            "Shape" => [.. ShapeOf(node).Select(d => d == Shape.Free ? (long?)null : d)],
            "ConstantOfShape" => [.. Enumerable.Repeat(node.Attributes.GetValueOrDefault("value") is Tensor { Type: ElementType.Int64 } fill ? fill.Int64s[0] : (long?)0, (int)shape.Size)],
            "Identity" or "Cast" or "Reshape" or "Squeeze" or "Unsqueeze" or "Floor" => Of(node[0]),
            "Concat" when node.Inputs.All(input => Of(input!) is not null) && shape.Rank == 1 => [.. node.Inputs.SelectMany(input => Of(input!)!)],
            "Gather" when Of(node[0]) is { } from && Of(node[1]) is { } indices && node[0].Shape.Rank == 1 => [.. indices.Select(i => i is null ? null : from[(int)(i < 0 ? i + from.Length : i)])],
            "Slice" when Of(node[0]) is { } from && PartialValues.Given(node, 3, "axes") is [] or [0] => Rows(from, node, shape),
            "Transpose" when Of(node[0]) is { } from && shape.Rank == 2 => [.. Enumerable.Range(0, from.Length).Select(i => from[i % shape[1] * shape[0] + i / shape[1]])],
            "Add" => Pairwise(node, (a, b) => a + b),
            "Sub" => Pairwise(node, (a, b) => a - b),
            "Mul" => Pairwise(node, (a, b) => a * b),
            "Div" => Pairwise(node, (a, b) => b == 0 || node[0].Type == ElementType.Float && a % b != 0 ? null : a / b),
            "Equal" => Pairwise(node, (a, b) => a == b ? 1 : 0),
            "Where" when Of(node[0]) is { } condition && Of(node[1]) is { } a && Of(node[2]) is { } b && a.Length == b.Length && condition.Length == a.Length =>
                [.. condition.Select((c, i) => c is null ? null : c != 0 ? a[i] : b[i])],
            _ => null,
        };

    private static long?[]? Rows(long?[] from, Node node, Shape shape)
    {
        int rows = node[0].Shape[0], size = rows == 0 ? 0 : from.Length / rows, step = Given(node, 4, "steps") is [var given] ? given : 1, first = Given(node, 1, "starts")![0];
        first = Math.Clamp(first < 0 ? first + rows : first, 0, Math.Max(0, step > 0 ? rows : rows - 1));
        return [.. Enumerable.Range(0, shape[0]).SelectMany(row => from.AsSpan((first + row * step) * size, size).ToArray())];
    }

    private static long?[]? Pairwise(Node node, Func<long, long, long?> operation) =>
        Of(node[0]) is not { Length: > 0 } a || Of(node[1]) is not { Length: > 0 } b || a.Length != b.Length && a.Length != 1 && b.Length != 1 ? null
        : [.. Enumerable.Range(0, Math.Max(a.Length, b.Length)).Select(i => a[a.Length == 1 ? 0 : i] is { } left && b[b.Length == 1 ? 0 : i] is { } right ? operation(left, right) : null)];

    private static int Clamped(long value) => (int)Math.Clamp(value, int.MinValue, int.MaxValue);
}
