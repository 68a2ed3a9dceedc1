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
    /// <param name="cuda">Whether it will run on CUDA instead of the CPU.</param>
    /// <exception cref="FoveaException">The network holds an operator without a gradient rule.</exception>
    public GradientGraph(Graph network, int batchSize, IReadOnlyCollection<Value>? learnt = null, bool frozenStatistics = false, bool cuda = false)
    {
        var graph = new Graph($"{network.Name}_gradients");
        var input = network.Inputs[0];
        var images = graph.Input(input.Name, ElementType.Float, input.Shape.With(0, batchSize));
        Value[] learns = [.. ParameterLayout.Learnable(network).Where(p => learnt?.Contains(p) != false)];
        Value[] running = [.. frozenStatistics ? [] : ParameterLayout.RunningStatistics(network)];
        var values = learns.Concat(running).ToDictionary(p => p, p => graph.Input(p.Name, p.Type, p.Shape));
        Value[] parameters = [.. learns.Select(p => values[p])];
        values.Add(input, images);

        var forms = new TrainingForms(graph, frozenStatistics);
        network.CopyTo(graph, values, forms.Of);
        var logits = values[network.Outputs[0]];
        var targets = graph.Input("targets", ElementType.Float, logits.Shape);
        var loss = network.Outputs.Skip(1).Aggregate(CrossEntropy(logits, targets), (sum, head) => sum + CrossEntropy(values[head], targets) * AuxiliaryWeight);
        var right = graph.Equal(graph.ArgMax(logits, axis: 1), graph.ArgMax(targets, axis: 1));
        var correct = graph.ReduceSum(graph.Cast(right, ElementType.Float), []);
        var gradients = Backward.From(loss, parameters);
        foreach (var output in gradients.Concat(forms.Statistics.Select(s => s.After)).Prepend(correct).Prepend(loss))
        {
            graph.Output(output);
        }

        graph.Prune();
        (Graph, var final) = Forms.Of(graph, cuda);
        (Images, Targets, Loss, Correct) = (final[images], final[targets], final[loss], final[correct]);
        (Parameters, Gradients, Noise) = ([.. parameters.Select(p => final[p])], [.. gradients.Select(p => final[p])], [.. forms.Noise.Select(n => final[n])]);
        Statistics = [.. forms.Statistics.Select(s => (final[s.Before], final[s.After]))];
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
    private static Value CrossEntropy(Value logits, Value targets) => logits.Graph.ReduceSum(targets * logits.Graph.LogSoftmax(logits), []) * (-1f / logits.Shape[0]);
}
