using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Training.Steps;

/// <summary>
/// Prepares the gradients of a step for the update, on the device that computes them: adds up the micro-batches, and finds the factor that
/// makes the mean over them and clips its norm (Pascanu, Mikolov and Bengio, 2013) as PyTorch's clip_grad_norm_ does.
/// </summary>
internal sealed class GradientAccumulator : IDisposable
{
    // The squares of this many floats are summed in float, which loses little precision; these sums are added in double.
    private const int RowLength = 1 << 14;

    private readonly InPlaceGraph? adding, squaring, scaling;
    private readonly FloatBuffer? squares;

    /// <summary>Allocates the gradients.</summary>
    /// <param name="groups">
    /// The parameter groups. The norm weighs each group's squares by its rate factor, as if its parameters were rescaled so that one
    /// learning rate applied to all groups.
    /// </param>
    /// <param name="parts">The number of micro-batches in a step, at least 1.</param>
    /// <param name="clip">The largest norm over all parameters together, over 0; null turns clipping off.</param>
    /// <param name="memory">The memory of the device that computes the gradients.</param>
    public GradientAccumulator(IReadOnlyList<ParameterGroup> groups, int parts, double? clip, DeviceMemory memory)
    {
        int length = groups.Sum(group => group.Length);
        Sum = Part = new FloatBuffer(length, memory);
        if (parts > 1)
        {
            Part = new FloatBuffer(length, memory);
            adding = Adding(memory);
            Scale = Number(1f / parts, memory);
        }

        if (clip is { } maximum)
        {
            Scale ??= Number(1, memory);
            (squaring, squares, var factors) = Squaring(groups, memory);
            scaling = Scaling(factors, parts, maximum, memory);
        }
    }

    /// <summary>The gradients of the first micro-batch, to which those of the others are added.</summary>
    public FloatBuffer Sum { get; }

    /// <summary>The gradients of a micro-batch after the first.</summary>
    public FloatBuffer Part { get; }

    /// <summary>One float, by which the update must multiply the sum; null if it is always 1.</summary>
    public FloatBuffer? Scale { get; }

    /// <summary>All bindings of the graphs.</summary>
    public IEnumerable<BufferBinding> Blocks =>
        new[] { adding, squaring, scaling }.OfType<InPlaceGraph>().SelectMany(graph => graph.Blocks);

    /// <summary>Adds the gradients in <see cref="Part"/> to the sum.</summary>
    public void Add() => adding!.Run();

    /// <summary>Writes the scale of a step whose micro-batches are added up.</summary>
    public void Finish()
    {
        squaring?.Run();
        scaling?.Run();
    }

    public void Dispose()
    {
        foreach (var graph in new[] { adding, squaring, scaling })
        {
            graph?.Dispose();
        }

        foreach (var buffer in new[] { Sum, Part == Sum ? null : Part, Scale, squares })
        {
            ((IDisposable?)buffer)?.Dispose();
        }
    }

    private static FloatBuffer Number(float value, DeviceMemory memory)
    {
        FloatBuffer number = new(1, memory);
        using var main = new FloatBuffer(1);
        main.Floats[0] = value;
        main.CopyTo(number);
        return number;
    }

    private InPlaceGraph Adding(DeviceMemory memory)
    {
        var g = new Graph("sum");
        Value sum = g.Input("sum", ElementType.Float, new Shape(Shape.Free)), part = g.Input("part", ElementType.Float, sum.Shape);
        var next = sum + part;
        g.Output(next);
        var graph = new InPlaceGraph(g, memory);
        foreach (var (offset, length) in graph.Divide(0, Sum.Length))
        {
            var block = graph.NewBlock();
            var view = Sum.View(offset, new Shape(length));
            block.Input(sum.Name, view);
            block.Input(part.Name, Part.View(offset, new Shape(length)));
            block.Output(next.Name, view);
        }

        return graph;
    }

    // The sum of squares of each block. A block is a matrix of rows, or the remainder of a range that does not fill a row.
    private (InPlaceGraph Graph, FloatBuffer Squares, float[] Factors) Squaring(
        IReadOnlyList<ParameterGroup> groups, DeviceMemory memory)
    {
        var g = new Graph("squares");
        var x = g.Input("gradient", ElementType.Float, new Shape(Shape.Free, Shape.Free));
        var rows = g.Apply("ReduceSumSquare", [x], ("axes", (long[])[1]), ("keepdims", 0L));
        var sum = g.Cast(g.ReduceSum(g.Cast(rows, ElementType.Double), []), ElementType.Float);
        g.Output(sum);
        var graph = new InPlaceGraph(g, memory);
        var ranges = groups.SelectMany(group => graph.Divide(group.Offset, group.Length).SelectMany(block => Matrices(block).Select(
            matrix => (matrix.Offset, matrix.Shape, group.RateFactor)))).ToArray();
        var squares = new FloatBuffer(ranges.Length, memory);
        foreach (var (i, range) in ranges.Index())
        {
            var block = graph.NewBlock();
            block.Input(x.Name, Sum.View(range.Offset, range.Shape));
            block.Output(sum.Name, squares.View(i, Shape.Scalar));
        }

        return (graph, squares, [.. ranges.Select(range => (float)range.RateFactor)]);
    }

    private static IEnumerable<(int Offset, Shape Shape)> Matrices((int Offset, int Length) block)
    {
        int rows = block.Length / RowLength, whole = rows * RowLength;
        if (rows > 0)
        {
            yield return (block.Offset, new Shape(rows, RowLength));
        }

        if (block.Length > whole)
        {
            yield return (block.Offset + whole, new Shape(1, block.Length - whole));
        }
    }

    // scale = min(1, clip / (norm + 1e-6)) / parts, with the norm of the mean over the micro-batches.
    private InPlaceGraph Scaling(float[] factors, int parts, double clip, DeviceMemory memory)
    {
        var g = new Graph("scale");
        var x = g.Input("squares", ElementType.Float, new Shape(factors.Length));
        var weighted = g.ReduceSum(x * g.Constant(Tensor.Of(x.Shape, factors)), []);
        var norm = g.Sqrt(weighted) * (1f / parts) + 1e-6f;
        var scale = g.Min(g.Scalar((float)clip) / norm, g.Scalar(1)) * (1f / parts);
        g.Output(scale);
        var graph = new InPlaceGraph(g, memory);
        var block = graph.NewBlock();
        block.Input(x.Name, squares!.View(0, x.Shape));
        block.Output(scale.Name, Scale!.View(0, Shape.Scalar));
        return graph;
    }
}
