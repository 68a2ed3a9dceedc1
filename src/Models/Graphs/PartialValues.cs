namespace Fovea.Models.Graphs;

/// <summary>
/// Evaluates small tensors of integers and truth values before a graph runs. Exported graphs compute shapes from other shapes; usually only
/// the batch size in them is unknown. Arrays are row-major, <c>null</c> is an unknown element, and true is 1.
/// </summary>
internal static class PartialValues
{
    // Shapes, axes and pads have at most this number of elements; larger tensors are data and are not evaluated.
    private const int MaxElements = 256;

    /// <summary>The elements of a value; <c>null</c> if no element is known, or if the tensor has more than 256 elements.</summary>
    public static long?[]? Of(Value value)
    {
        return value.Elements ?? (TensorOf(value) is { } tensor && tensor.Shape.Size <= MaxElements ? Integers(tensor) : null);

        static long?[]? Integers(Tensor tensor) => tensor.Type switch
        {
            ElementType.Int64 => [.. tensor.Int64s.ToArray().Select(element => (long?)element)],
            ElementType.Int32 => [.. tensor.Int32s.ToArray().Select(element => (long?)element)],
            ElementType.Bool => [.. tensor.Bytes.ToArray().Select(element => (long?)element)],
            _ => null,
        };
    }

    /// <summary>The tensor of an initializer or of a Constant node's output; <c>null</c> for every other value.</summary>
    public static Tensor? TensorOf(Value value) =>
        value.Producer is { Op: "Constant", Domain: "" } node ? Constant(node) : value.Graph.Initializers.GetValueOrDefault(value);

    /// <summary>The tensor of a Constant node, whichever attribute holds it; <c>null</c> for texts and sparse tensors.</summary>
    public static Tensor? Constant(Node node) => node.Attributes.FirstOrDefault().Value switch
    {
        Tensor tensor => tensor,
        long number => new Tensor(ElementType.Int64, Shape.Scalar, BitConverter.GetBytes(number)),
        long[] numbers => Tensor.Of(numbers),
        float number => Tensor.Scalar(number),
        float[] numbers => Tensor.Of(new Shape(numbers.Length), numbers),
        _ => null,
    };

    /// <summary>The shape whose dimensions are the elements of a vector. An unknown element becomes a free dimension.</summary>
    public static Shape ShapeFrom(Value value) =>
        Of(value) is { } elements ? new Shape([.. elements.Select(d => d is null ? Shape.Free : Clamped(d.Value))])
        : value.Shape is { Rank: 1, IsKnown: true } vector ? new Shape([.. Enumerable.Repeat(Shape.Free, vector[0])])
        : Shape.Unknown;

    /// <summary>
    /// The integers that an operator takes as an attribute in some operator sets and as an input in others. Empty if the node has neither;
    /// <c>null</c> if a node computes them when the graph runs.
    /// </summary>
    public static int[]? KnownInts(Node node, int input, string attribute) => node.Attributes.ContainsKey(attribute) ? node.Ints(attribute)
        : node.Inputs.ElementAtOrDefault(input) is not { } value ? []
        : Of(value) is { } elements && !elements.Contains(null) ? [.. elements.Select(element => Clamped(element!.Value))]
        : null;

    /// <summary>
    /// The dimensions that a Shape node outputs. Since operator set 15, the attributes start and end may select a range of the dimensions.
    /// </summary>
    public static int[] ShapeOf(Node node)
    {
        var x = node[0].Shape.Dimensions;
        int Bound(long index) => (int)Math.Clamp(index < 0 ? index + x.Length : index, 0, x.Length);
        int start = Bound(node.Int("start"));
        return [.. x[start..Math.Max(start, Bound(node.Int("end", x.Length)))]];
    }

    /// <summary>
    /// Computes the elements of a node's first output from the elements of its inputs; <c>null</c> if no element can be computed.
    /// </summary>
    public static long?[]? Evaluate(Node node)
    {
        return OperatorTable.Find(node)?.Elements is { } rule
            && node.Outputs is [{ Shape: { IsKnown: true, Rank: <= 2 } shape }, ..] && shape.Size <= MaxElements
                ? rule(node, shape)
                : null;
    }

    /// <summary>The rule of operators whose output has the elements of the first input in the same order.</summary>
    public static long?[]? Same(Node node, Shape shape) => Of(node[0]);

    /// <summary>The rule of Cast: a cast to bool gives 0 or 1, every other cast keeps the numbers.</summary>
    public static long?[]? Cast(Node node, Shape shape) =>
        node.Attributes.GetValueOrDefault("to") is (long)ElementType.Bool && Of(node[0]) is { } elements
            ? [.. elements.Select(element => element is { } number ? (number == 0 ? 0L : 1L) : (long?)null)]
            : Of(node[0]);

    /// <summary>The rule of ConstantOfShape.</summary>
    public static long?[]? Filled(Node node, Shape shape) => [.. Enumerable.Repeat((long?)FillOf(node), (int)shape.Size)];

    /// <summary>The rule of Concat, for vectors.</summary>
    public static long?[]? Joined(Node node, Shape shape) => node.Inputs.All(input => Of(input!) is not null) && shape.Rank == 1
        ? [.. node.Inputs.SelectMany(input => Of(input!)!)]
        : null;

    /// <summary>The rule of Gather, from a vector.</summary>
    public static long?[]? Gathered(Node node, Shape shape) =>
        Of(node[0]) is { } from && Of(node[1]) is { } indices && node[0].Shape.Rank == 1
            ? [.. indices.Select(i => i is null ? null : from[(int)(i < 0 ? i + from.Length : i)])]
            : null;

    /// <summary>The rule of Slice, along the first axis. A row is all elements of one index on that axis.</summary>
    public static long?[]? Sliced(Node node, Shape shape)
    {
        if (Of(node[0]) is not { } from || KnownInts(node, 3, "axes") is not ([] or [0]))
        {
            return null;
        }

        int rows = node[0].Shape[0], size = rows == 0 ? 0 : from.Length / rows;
        int step = KnownInts(node, 4, "steps") is [var known] ? known : 1, first = KnownInts(node, 1, "starts")![0];
        first = Math.Clamp(first < 0 ? first + rows : first, 0, Math.Max(0, step > 0 ? rows : rows - 1));
        return [.. Enumerable.Range(0, shape[0]).SelectMany(row => from.AsSpan((first + row * step) * size, size).ToArray())];
    }

    /// <summary>The rule of Transpose, for matrices.</summary>
    public static long?[]? Transposed(Node node, Shape shape) => Of(node[0]) is { } from && shape.Rank == 2
        ? [.. Enumerable.Range(0, from.Length).Select(i => from[i % shape[1] * shape[0] + i / shape[1]])]
        : null;

    /// <summary>The rule of an elementwise operator on two vectors of equal length; an operand with one element is broadcast.</summary>
    public static ElementsRule Pairwise(Func<long, long, long?> operation) => (node, _) => Pairwise(node, operation);

    /// <summary>The rule of Div. A quotient of floats is known only if it is whole.</summary>
    public static long?[]? Quotient(Node node, Shape shape) =>
        Pairwise(node, (a, b) => b == 0 || node[0].Type == ElementType.Float && a % b != 0 ? null : a / b);

    /// <summary>The rule of Where, without broadcasting.</summary>
    public static long?[]? Selected(Node node, Shape shape) =>
        Of(node[0]) is { } condition && Of(node[1]) is { } a && Of(node[2]) is { } b && a.Length == b.Length && condition.Length == a.Length
            ? [.. condition.Select((c, i) => c is null ? null : c != 0 ? a[i] : b[i])]
            : null;

    private static long FillOf(Node node) =>
        node.Attributes.GetValueOrDefault("value") is Tensor { Type: ElementType.Int64 } fill ? fill.Int64s[0] : 0;

    private static long?[]? Pairwise(Node node, Func<long, long, long?> operation)
    {
        if (Of(node[0]) is not { Length: > 0 } a || Of(node[1]) is not { Length: > 0 } b)
        {
            return null;
        }

        return a.Length != b.Length && a.Length != 1 && b.Length != 1
            ? null
            : [.. Enumerable.Range(0, Math.Max(a.Length, b.Length)).Select(i => Apply(a[a.Length == 1 ? 0 : i], b[b.Length == 1 ? 0 : i]))];

        long? Apply(long? left, long? right) => left is { } x && right is { } y ? operation(x, y) : null;
    }

    private static int Clamped(long value) => (int)Math.Clamp(value, int.MinValue, int.MaxValue);
}
