using System.Numerics.Tensors;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Fovea.Training.Steps;
using Microsoft.ML.OnnxRuntime;
using Tensor = Fovea.Models.Graphs.Tensor;

namespace Fovea.Training.TransferLearning;

// F(W, b) = (sum over rows of the loss + penalty / 2 |W|^2) / the sum of the rows' weights. The bias has no penalty.

/// <summary>
/// The loss of a linear layer over fixed rows of features, and its gradient: an ONNX graph that ONNX Runtime runs over all rows at once.
/// With classes the loss is the cross-entropy, with independent labels the sum of their binary cross-entropies.
/// </summary>
internal sealed class LogisticObjective : IDisposable
{
    private readonly FloatBuffer features, targets, parameters, gradients;
    private readonly FloatBuffer results = new(2);
    private readonly PlannedSession session;
    private readonly OrtIoBinding binding;
    private readonly int rows, weights, classes;
    private readonly double lossFactor;
    private double totalWeight = 1;

    /// <summary>Prepares the graph.</summary>
    /// <param name="rows">The features, [rows][features].</param>
    /// <param name="classes">The number of classes or labels.</param>
    /// <param name="independentLabels">Whether each output is the logit of a label by itself.</param>
    public LogisticObjective(IReadOnlyList<float[]> rows, int classes, bool independentLabels)
    {
        int width = rows[0].Length;
        (this.rows, this.classes, weights) = (rows.Count, classes, classes * width);

        // The graph's loss is the mean over the rows, and for independent labels also over the labels. Its gradients are those of the sum
        // over the labels.
        lossFactor = independentLabels ? classes : 1;
        features = new FloatBuffer((long)rows.Count * width);
        foreach (var (i, row) in rows.Index())
        {
            row.CopyTo(features.Floats[(i * width)..]);
        }

        var network = Layer(width, classes);
        var graph = new GradientGraph(network, rows.Count, independentLabels: independentLabels);
        targets = new FloatBuffer((long)rows.Count * classes);
        (parameters, gradients) = (new FloatBuffer(weights + classes), new FloatBuffer(weights + classes));
        session = new PlannedSession(graph.Graph);
        binding = session.CreateBinding();
        binding.BindInput(graph.Images.Name, features.View(0, graph.Images.Shape));
        binding.BindInput(graph.Targets.Name, targets.View(0, graph.Targets.Shape));
        binding.BindOutput(graph.Loss.Name, results.View(0, Shape.Scalar));
        binding.BindOutput(graph.Correct.Name, results.View(1, Shape.Scalar));
        int offset = 0;
        foreach (var (parameter, gradient) in graph.Parameters.Zip(graph.Gradients))
        {
            binding.BindInput(parameter.Name, parameters.View(offset, parameter.Shape));
            binding.BindOutput(gradient.Name, gradients.View(offset, parameter.Shape));
            offset += (int)parameter.Shape.Size;
        }
    }

    /// <summary>
    /// The targets, [rows, classes], to be filled before a search. A row of class targets adds up to the row's weight.
    /// </summary>
    public Span<float> Targets => targets.Floats;

    /// <summary>Finds the layer with the lowest loss.</summary>
    /// <param name="penalty">The factor of half the squared weights, in units of the loss of one row; at least 0.</param>
    /// <param name="rowWeight">The sum of the rows' weights.</param>
    /// <param name="start">The parameters to start from, weights [classes, features] and then the bias; null starts from 0.</param>
    /// <param name="tolerance">The relative change of the loss at which the search ends.</param>
    /// <param name="stop">Cancels the search.</param>
    public float[] Minimize(double penalty, double rowWeight, float[]? start, double tolerance, CancellationToken stop)
    {
        const int Iterations = 300;
        totalWeight = rowWeight;
        return Lbfgs.Minimize(
            (point, gradient) => Evaluate(point, gradient, penalty), start ?? new float[weights + classes], tolerance, Iterations, stop);
    }

    public void Dispose()
    {
        binding.Dispose();
        session.Dispose();
        foreach (var buffer in new[] { features, targets, parameters, gradients, results })
        {
            ((IDisposable)buffer).Dispose();
        }
    }

    private double Evaluate(float[] point, float[] gradient, double penalty)
    {
        point.CopyTo(parameters.Floats);
        session.Run(binding);
        double scale = rows / totalWeight;
        TensorPrimitives.Multiply(gradients.Floats, (float)scale, gradient);
        Span<float> w = point.AsSpan(0, weights), dW = gradient.AsSpan(0, weights);
        TensorPrimitives.MultiplyAdd(w, (float)(penalty / totalWeight), dW, dW);
        return (results.Floats[0] * lossFactor * scale) + (penalty / 2 * TensorPrimitives.SumOfSquares<float>(w) / totalWeight);
    }

    private static Graph Layer(int width, int classes)
    {
        var graph = new Graph("linear_head");
        var x = graph.Input("features", ElementType.Float, new Shape(Shape.Free, width));
        var w = graph.Initializer("weights", Tensor.Of(new Shape(classes, width), new float[classes * width]));
        var b = graph.Initializer("bias", Tensor.Of(new Shape(classes), new float[classes]));
        graph.Output(graph.Apply("Gemm", [x, w, b], ("transB", 1L)));
        return graph;
    }
}
