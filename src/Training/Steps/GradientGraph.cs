using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// The first half of a training step as an ONNX graph: the network's parameters, a batch of images and their target distributions go in;
/// the mean loss, the number of right answers, the gradient of each parameter and new running statistics come out.
/// </summary>
internal sealed class GradientGraph
{
    // What the loss of a head that only serves training counts (Szegedy et al., 2014).
    private const float AuxiliaryWeight = 0.3f;

    /// <summary>Differentiates a network for batches of exactly <paramref name="batchSize"/> images.</summary>
    /// <param name="network">The network; outputs after the first are logits of heads that only serve training.</param>
    /// <param name="batchSize">Images in a batch.</param>
    /// <param name="learnt">The initializers that are learnt, the others staying as they are; null: all that can be.</param>
    /// <param name="frozenStatistics">Whether batch normalisation goes on using its running statistics, instead of the batch's.</param>
    /// <exception cref="FoveaException">The network holds an operator without a gradient rule.</exception>
    public GradientGraph(Graph network, int batchSize, IReadOnlyCollection<Value>? learnt = null, bool frozenStatistics = false)
    {
        Graph = new Graph($"{network.Name}_gradients");
        var input = network.Inputs[0];
        Images = Graph.Input(input.Name, ElementType.Float, input.Shape.With(0, batchSize));
        Value[] parameters = [.. ParameterLayout.Learnable(network).Where(p => learnt?.Contains(p) != false)];
        Value[] statistics = [.. frozenStatistics ? [] : ParameterLayout.RunningStatistics(network)];
        var values = parameters.Concat(statistics).ToDictionary(p => p, p => Graph.Input(p.Name, p.Type, p.Shape));
        Parameters = [.. parameters.Select(p => values[p])];
        values.Add(input, Images);

        var forms = new TrainingForms(Graph, frozenStatistics);
        network.CopyTo(Graph, values, forms.Of);
        var logits = values[network.Outputs[0]];
        Targets = Graph.Input("targets", ElementType.Float, logits.Shape);
        Loss = network.Outputs.Skip(1).Aggregate(CrossEntropy(logits), (loss, head) => loss + CrossEntropy(values[head]) * AuxiliaryWeight);
        var right = Graph.Equal(Graph.ArgMax(logits, axis: 1), Graph.ArgMax(Targets, axis: 1));
        Correct = Graph.ReduceSum(Graph.Cast(right, ElementType.Float), []);
        Gradients = Backward.From(Loss, Parameters);
        (Noise, Statistics) = (forms.Noise, forms.Statistics);

        foreach (var output in Gradients.Concat(Statistics.Select(s => s.After)).Prepend(Correct).Prepend(Loss))
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

    /// <summary>Inputs to be filled anew for each run with uniform numbers, 0 inclusive to 1 exclusive: what dropout is decided by.</summary>
    public IReadOnlyList<Value> Noise { get; }

    /// <summary>Running statistics of batch normalisation: an input, and the output that holds its successor.</summary>
    public IReadOnlyList<(Value Before, Value After)> Statistics { get; }

    // With a target distribution, so that smoothed and mixed labels need no graph of their own: -sum(t log softmax(y)) / N.
    private Value CrossEntropy(Value logits) => Graph.ReduceSum(Targets * Graph.LogSoftmax(logits), []) * (-1f / logits.Shape[0]);
}
