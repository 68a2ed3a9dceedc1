using Fovea.Models.Graphs;
using Fovea.Models.Layers;

namespace Fovea.Models.Adoption;

/// <summary>
/// Tests on random images whether a graph with a free batch size gives the same answers as the graph with a fixed batch size. The fixed
/// graph runs two batches one after the other; the free graph runs both at once.
/// </summary>
internal static class BatchProof
{
    private const float Tolerance = 1e-3f;

    /// <summary>Whether both graphs run and give the same answers, up to a relative difference of 0.001.</summary>
    /// <inheritdoc cref="Find"/>
    public static bool Holds(Graph fixedGraph, Graph free, GraphRun run) => Find(fixedGraph, free, run) == true;

    /// <summary>Whether both graphs give the same answers, up to a relative difference of 0.001; <c>null</c> if one cannot run.</summary>
    /// <param name="fixedGraph">A graph with one input, whose shape is fully known.</param>
    /// <param name="free">The same graph with a free batch size.</param>
    /// <param name="run">Runs a graph.</param>
    public static bool? Find(Graph fixedGraph, Graph free, GraphRun run)
    {
        var shape = fixedGraph.Inputs[0].Shape;

        // Networks take pixels of 0 to 1 or of 0 to 255, so both ranges are tried.
        float[][] batches = [Images(shape, 1), Images(shape, 255), Images(shape, 1.5f), Images(shape, 250)];
        float[][] pairs = [[.. batches[0], .. batches[1]], [.. batches[2], .. batches[3]]];
        return run(fixedGraph, shape, batches) is { } expected && run(free, shape.With(0, 2 * shape[0]), pairs) is { } actual
            ? Values(expected).Count() == Values(actual).Count()
                && Values(expected).Zip(Values(actual)).All(pair => IsClose(pair.First, pair.Second))
            : null;
    }

    private static IEnumerable<float> Values(IEnumerable<(Shape Shape, float[] Values)> outputs) =>
        outputs.SelectMany(output => output.Values);

    private static bool IsClose(float a, float b) => a.Equals(b) || Math.Abs(a - b) <= Tolerance * Math.Max(1, Math.Abs(a));

    private static float[] Images(Shape shape, float range)
    {
        var random = new SeededRandom((long)range);
        var values = new float[shape.Size];
        foreach (ref float value in values.AsSpan())
        {
            value = random.Uniform(0, range);
        }

        return values;
    }
}
