using Fovea.Models.Autodiff;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Rewrites;
using Fovea.Models.Runtime;

namespace Fovea.Training.Steps;

/// <summary>
/// The forward and backward pass of a training step as one ONNX graph. Its inputs are the parameters, a batch of images and their target
/// distributions. Its outputs are the mean loss, the number of correctly classified images, the gradient of each parameter and the new
/// running statistics.
/// </summary>
internal sealed class GradientGraph
{
    // The weight of an auxiliary head's loss (Szegedy et al., 2014).
    private const float AuxiliaryWeight = 0.3f;

    /// <summary>Differentiates a network for batches of exactly <paramref name="batchSize"/> images.</summary>
    /// <param name="network">The network. Its outputs after the first are logits of auxiliary heads.</param>
    /// <param name="batchSize">The number of images in a batch, at least 1.</param>
    /// <param name="learnt">
    /// The initializers to learn; the others are constants. null learns all of <see cref="ParameterLayout.Learnable"/>.
    /// </param>
    /// <param name="frozenStatistics">
    /// Whether batch normalisation uses its running statistics instead of the batch's, and does not update them.
    /// </param>
    /// <param name="cuda">Whether the graph will run on CUDA instead of the CPU.</param>
    /// <param name="independentLabels">
    /// Whether each output is the logit of a label by itself (sigmoid and binary cross-entropy) instead of one class among all (softmax and
    /// cross-entropy).
    /// </param>
    /// <exception cref="FoveaException">An operator between the loss and a parameter has no gradient rule.</exception>
    public GradientGraph(
        Graph network, int batchSize, IReadOnlyCollection<Value>? learnt = null, bool frozenStatistics = false, bool cuda = false,
        bool independentLabels = false)
    {
        var graph = new Graph($"{network.Name}_gradients");
        var input = network.Inputs[0];
        var images = graph.Input(input.Name, ElementType.Float, input.Shape.With(0, batchSize));
        Value[] learntWeights = [.. ParameterLayout.Learnable(network).Where(p => learnt?.Contains(p) != false)];
        Value[] running = [.. frozenStatistics ? [] : ParameterLayout.RunningStatistics(network)];
        var values = learntWeights.Concat(running).ToDictionary(p => p, p => graph.Input(p.Name, p.Type, p.Shape));
        Value[] parameters = [.. learntWeights.Select(p => values[p])];
        values.Add(input, images);

        var forms = new TrainingModeOperators(graph, frozenStatistics);
        network.CopyTo(graph, values, forms.Of);
        var logits = values[network.Outputs[0]];
        var targets = graph.Input("targets", ElementType.Float, logits.Shape);
        Func<Value, Value, Value> lossOf = independentLabels ? BinaryCrossEntropy : CrossEntropy;
        var loss = network.Outputs.Skip(1).Aggregate(
            lossOf(logits, targets), (sum, head) => sum + lossOf(values[head], targets) * AuxiliaryWeight);
        var isCorrect = independentLabels ? AreAllRight(logits, targets) : IsRight(logits, targets);
        var correct = graph.ReduceSum(graph.Cast(isCorrect, ElementType.Float), []);
        var gradients = Backward.From(loss, parameters);

        // The gradients are those of the sum over the labels, so that each output gets a gradient as large as with cross-entropy. The loss
        // that people see and compare is the mean over the labels.
        var shown = independentLabels ? loss * (1f / logits.Shape[1]) : loss;
        foreach (var output in gradients.Concat(forms.Statistics.Select(s => s.After)).Prepend(correct).Prepend(shown))
        {
            graph.Output(output);
        }

        graph.Prune();
        (Graph, var final) = RewritePass.ForTraining(graph, cuda, ChannelBlock.Size);
        (Images, Targets, Loss, Correct) = (final[images], final[targets], final[shown], final[correct]);
        (Parameters, Gradients) = ([.. parameters.Select(p => final[p])], [.. gradients.Select(p => final[p])]);
        Noise = [.. forms.Noise.Select(n => final[n])];
        Statistics = [.. forms.Statistics.Select(s => (final[s.Before], final[s.After]))];
    }

    /// <summary>The graph to run.</summary>
    public Graph Graph { get; }

    /// <summary>The input images, [N, C, H, W].</summary>
    public Value Images { get; }

    /// <summary>
    /// The input targets, [N, classes]. Each row is a distribution, one-hot for plain labels. For independent labels, each number is the
    /// probability of a label, 0 to 1.
    /// </summary>
    public Value Targets { get; }

    /// <summary>The input parameters, in the order of <see cref="ParameterLayout.Learnable"/>.</summary>
    public IReadOnlyList<Value> Parameters { get; }

    /// <summary>
    /// A scalar output: the mean cross-entropy in nats over the images, and for independent labels also over the labels, plus the weighted
    /// losses of the auxiliary heads.
    /// </summary>
    public Value Loss { get; }

    /// <summary>
    /// A scalar output: the number of images whose likeliest class is the target's likeliest class; for independent labels, the number of
    /// images whose labels are all right.
    /// </summary>
    public Value Correct { get; }

    /// <summary>The output gradients, one for each of <see cref="Parameters"/>, in the parameter's shape.</summary>
    public IReadOnlyList<Value> Gradients { get; }

    /// <summary>Inputs for dropout. Each run needs new uniform numbers in them, 0 inclusive to 1 exclusive.</summary>
    public IReadOnlyList<Value> Noise { get; }

    /// <summary>The running statistics of batch normalisation: each input, with the output that holds its updated value.</summary>
    public IReadOnlyList<(Value Before, Value After)> Statistics { get; }

    private static Value IsRight(Value logits, Value targets) =>
        logits.Graph.Equal(logits.Graph.ArgMax(logits, axis: 1), logits.Graph.ArgMax(targets, axis: 1));

    // All labels are right if none differs: a label's logit is over 0 exactly if its target is over 0.5.
    private static Value AreAllRight(Value logits, Value targets)
    {
        var graph = logits.Graph;
        var half = graph.Scalar(0.5f);
        var differs = graph.Mask(graph.Greater(logits, graph.Scalar(0))) - graph.Mask(graph.Greater(targets, half));
        var wrong = graph.ReduceSum(differs * differs, [1]);
        return graph.Equal(wrong, graph.Scalar(0));
    }

    // sum(softplus(y) - t y) / N, which is -sum(t log p + (1 - t) log(1 - p)) / N for p = sigmoid(y).
    private static Value BinaryCrossEntropy(Value logits, Value targets) =>
        logits.Graph.ReduceSum(logits.Graph.Apply("Softplus", [logits]) - (targets * logits), []) * (1f / logits.Shape[0]);

    // -sum(t log softmax(y)) / N. Targets are distributions, so smoothed and mixed labels use the same graph as one-hot labels.
    private static Value CrossEntropy(Value logits, Value targets) =>
        logits.Graph.ReduceSum(targets * logits.Graph.LogSoftmax(logits), []) * (-1f / logits.Shape[0]);
}
