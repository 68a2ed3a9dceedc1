using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// The first half of a training step as an ONNX graph: the network's parameters, a batch of images and their target distributions go in;
/// the mean loss, the number of right answers and the gradient of each parameter come out.
/// </summary>
internal sealed class GradientGraph
{
    /// <summary>Differentiates a network for batches of exactly <paramref name="batchSize"/> images.</summary>
    /// <exception cref="FoveaException">The network holds an operator without a gradient rule.</exception>
    public GradientGraph(Graph network, int batchSize)
    {
        Graph = new Graph($"{network.Name}_gradients");
        var input = network.Inputs[0];
        Images = Graph.Input(input.Name, ElementType.Float, input.Shape.With(0, batchSize));
        Parameters = [.. ParameterLayout.Learnable(network).Select(p => Graph.Input(p.Name, p.Type, p.Shape))];

        var values = ParameterLayout.Learnable(network).Zip(Parameters).Append((input, Images)).ToDictionary();
        network.CopyTo(Graph, values);
        var logits = values[network.Outputs[0]];
        Targets = Graph.Input("targets", ElementType.Float, logits.Shape);

        // Cross-entropy with a target distribution, so that smoothed and mixed labels need no graph of their own: -sum(t log softmax(y)) / N.
        Loss = Graph.ReduceSum(Targets * Graph.LogSoftmax(logits), []) * (-1f / batchSize);
        var right = Graph.Equal(Graph.ArgMax(logits, axis: 1), Graph.ArgMax(Targets, axis: 1));
        Correct = Graph.ReduceSum(Graph.Cast(right, ElementType.Float), []);
        Gradients = Backward.From(Loss, Parameters);

        foreach (var output in Gradients.Prepend(Correct).Prepend(Loss))
        {
            Graph.Output(output);
        }

        Graph.Prune();
    }

    /// <summary>The whole graph, to be run.</summary>
    public Graph Graph { get; }

    /// <summary>Input [N, C, H, W].</summary>
    public Value Images { get; }

    /// <summary>Input [N, classes], each row a distribution; one-hot for plain labels.</summary>
    public Value Targets { get; }

    /// <summary>Inputs, in the order of <see cref="ParameterLayout"/>.</summary>
    public IReadOnlyList<Value> Parameters { get; }

    /// <summary>Scalar output: mean cross-entropy in nats.</summary>
    public Value Loss { get; }

    /// <summary>Scalar output: how many images were classified rightly.</summary>
    public Value Correct { get; }

    /// <summary>Outputs, one for each of <see cref="Parameters"/> in its shape.</summary>
    public IReadOnlyList<Value> Gradients { get; }
}
