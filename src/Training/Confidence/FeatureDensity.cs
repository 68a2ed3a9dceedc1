using System.Numerics.Tensors;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Tensor = Fovea.Models.Graphs.Tensor;

namespace Fovea.Training.Confidence;

/// <summary>
/// A probability density of the features of known images; each image's features are scaled to length 1. The density is the model of
/// probabilistic principal components (Tipping &amp; Bishop, "Probabilistic Principal Component Analysis", 1999). Images unlike the known
/// images have a high energy under this density.
/// </summary>
internal sealed class FeatureDensity
{
    private const int MostComponents = 32, LeastRowsPerComponent = 4, Iterations = 12;

    // A feature that never varies would otherwise make the energy infinite.
    private const double LeastVariance = 1e-12;

    private readonly float[] mean;
    private readonly float[][] directions;
    private readonly double[] variances;
    private readonly double rest;

    /// <summary>Fits the density.</summary>
    /// <param name="rows">The features of each image; at least one row.</param>
    public FeatureDensity(IReadOnlyList<float[]> rows)
    {
        int width = rows[0].Length, count = Math.Min(MostComponents, Math.Min(rows.Count / LeastRowsPerComponent, width - 1));
        var scaled = rows.Select(Unit).ToArray();
        mean = new float[width];
        foreach (var row in scaled)
        {
            TensorPrimitives.Add(mean, row, mean);
        }

        TensorPrimitives.Divide(mean, scaled.Length, mean);
        foreach (var row in scaled)
        {
            TensorPrimitives.Subtract(row, mean, row);
        }

        directions = PrincipalDirections(scaled, count);
        variances = [.. directions.Select(d => scaled.Average(row => Square(TensorPrimitives.Dot<float>(row, d))))];
        double total = scaled.Average(row => (double)TensorPrimitives.SumOfSquares<float>(row));
        rest = Math.Max((total - variances.Sum()) / (width - count), LeastVariance);
    }

    /// <summary>
    /// Returns the energy of an image: the mean squared deviation of its features, each in units of the known images' variance. The mean
    /// energy of the images to which the density was fitted is 1. Other images like them have a somewhat higher energy.
    /// </summary>
    /// <param name="features">The image's features, [features].</param>
    public double Energy(float[] features)
    {
        var row = Unit(features);
        TensorPrimitives.Subtract(row, mean, row);
        double energy = TensorPrimitives.SumOfSquares<float>(row) / rest;
        for (int k = 0; k < directions.Length; k++)
        {
            energy -= Square(TensorPrimitives.Dot<float>(row, directions[k]) * Weight(k));
        }

        return energy / mean.Length;
    }

    /// <summary>
    /// Changes a classifier's logits such that -log(sum(exp(logits))) is the energy. The softmax of the logits does not change.
    /// </summary>
    /// <param name="graph">The classifier, whose output is [N, classes].</param>
    /// <param name="features">
    /// The head's input: [N, features] or [N, C, H, W]. If the density has C features, the features of [N, C, H, W] are the means over H
    /// and W; otherwise they are all values. Of more features than the density has, it reads the first ones.
    /// </param>
    public void AppendTo(Graph graph, Value features)
    {
        bool areMeans = features.Shape.Rank == 4 && features.Shape[1] == mean.Length;
        var rows = features.Shape.Rank == 2 ? features
            : graph.Flatten(areMeans ? graph.Apply("GlobalAveragePool", [features]) : features);
        int width = mean.Length, count = directions.Length;
        rows = rows.Shape[1] > width ? graph.Split(rows, [width, rows.Shape[1] - width], axis: 1)[0] : rows;
        var least = graph.Initializer("energy.least_length", Tensor.Scalar(Smallest));
        var length = graph.Max(graph.Apply("ReduceL2", [rows], ("axes", new long[] { 1 }), ("keepdims", 1L)), least);
        var centred = rows / length - graph.Initializer("energy.mean", Tensor.Of(new Shape(width), mean));
        var energy = SumOfSquares(centred) * graph.Initializer("energy.scale", Tensor.Scalar((float)(1 / (rest * width))));
        if (count > 0)
        {
            var scaled = directions.Select((direction, k) => direction.Select(x => x * (float)(Weight(k) / Math.Sqrt(width))));
            var weights = Tensor.Of(new Shape(count, width), [.. scaled.SelectMany(row => row)]);
            energy -= SumOfSquares(graph.Gemm(centred, graph.Initializer("energy.directions", weights), transB: true, name: "energy"));
        }

        var logits = graph.Outputs[0];
        var sum = graph.LogSoftmax(logits) + -energy;
        (logits.Name, sum.Name) = (sum.Name, logits.Name);
        graph.Outputs[0] = sum;

        Value SumOfSquares(Value x) => graph.Apply("ReduceSumSquare", [x], ("axes", new long[] { 1 }), ("keepdims", 1L));
    }

    private const float Smallest = 1e-12f;

    private double Weight(int k) => Math.Sqrt(Math.Max(0, (1 / rest) - (1 / Math.Max(variances[k], LeastVariance))));

    private static float[] Unit(float[] features)
    {
        var unit = new float[features.Length];
        TensorPrimitives.Divide(features, Math.Max(TensorPrimitives.Norm<float>(features), Smallest), unit);
        return unit;
    }

    // Orthogonal iteration: repeatedly multiplies random directions by the covariance of the rows, and makes them orthonormal.
    private static float[][] PrincipalDirections(float[][] rows, int count)
    {
        int width = rows[0].Length;
        var random = new SeededRandom(0);
        var directions = new float[count][];
        for (int k = 0; k < count; k++)
        {
            directions[k] = new float[width];
            for (int i = 0; i < width; i++)
            {
                directions[k][i] = random.Normal();
            }
        }

        for (int i = 0; i < Iterations; i++)
        {
            Orthonormalize(directions);
            Parallel.For(0, count, k =>
            {
                var next = new float[width];
                foreach (var row in rows)
                {
                    TensorPrimitives.MultiplyAdd(row, TensorPrimitives.Dot<float>(row, directions[k]), next, next);
                }

                directions[k] = next;
            });
        }

        Orthonormalize(directions);
        return directions;
    }

    // The method of Gram and Schmidt, with two passes for each direction, since one pass leaves rounding errors.
    private static void Orthonormalize(float[][] directions)
    {
        for (int k = 0; k < directions.Length; k++)
        {
            var own = directions[k];
            for (int pass = 0; pass < 2; pass++)
            {
                foreach (var before in directions.AsSpan(0, k))
                {
                    TensorPrimitives.MultiplyAdd(before, -TensorPrimitives.Dot<float>(before, own), own, own);
                }
            }

            TensorPrimitives.Divide(own, Math.Max(TensorPrimitives.Norm<float>(own), Smallest), own);
        }
    }

    private static double Square(double x) => x * x;
}
