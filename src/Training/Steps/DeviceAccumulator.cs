using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Training.Steps;

/// <summary>
/// Accumulates gradients on a device with its own memory, by graphs. The update multiplies the sum by <see cref="Scale"/>, so that neither
/// the gradients nor their norm leave the device.
/// </summary>
internal sealed class DeviceAccumulator : GradientAccumulator
{
    // The squares of this many floats are summed in float, which loses little precision; these sums are added in double.
    private const int RowLength = 1 << 14;

    private readonly InPlaceGraph? adding, squaring, scaling;
    private readonly FloatBuffer? squares;

    /// <summary>Allocates the gradients, and prepares the graphs.</summary>
    /// <param name="groups">The parameter groups, whose rate factors weigh their squares in the norm.</param>
    /// <param name="parts">The number of micro-batches in a step, at least 1.</param>
    /// <param name="clip">The largest norm over all parameters together, over 0; null turns clipping off.</param>
    /// <param name="memory">The memory of the device that computes the gradients.</param>
    public DeviceAccumulator(IReadOnlyList<ParameterGroup> groups, int parts, double? clip, DeviceMemory memory)
        : base(groups, parts, memory)
    {
        if (parts > 1)
        {
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

    public override FloatBuffer? Scale { get; }

    public override IEnumerable<BufferBinding> Blocks =>
        new[] { adding, squaring, scaling }.OfType<InPlaceGraph>().SelectMany(graph => graph.Blocks);

    public override void Add() => adding!.Run();

    public override void Finish()
    {
        squaring?.Run();
        scaling?.Run();
    }

    public override void Dispose()
    {
        foreach (var owned in new IDisposable?[] { adding, squaring, scaling, Scale, squares })
        {
            owned?.Dispose();
        }

        base.Dispose();
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
