using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Heads;

namespace Fovea.Models.Explanations;

// Binary heads: if both outputs are computed from one number z, y = w z + b, the evidence for a class is the difference of its output to
// the other output: (w1 - w0) z for the second class, and -(w1 - w0) z for the first. The logits themselves are unsuitable: often they are
// 0 and z, and 0 has no gradient. Probabilities: a saturated softmax or sigmoid has no gradient, so the evidence is the input of the
// softmax or sigmoid if it can be found, and otherwise the logarithm of the probability.

/// <summary>
/// A copy of a network for batches of one size, with an added value, the score: the evidence for a class (usually its logit), summed over
/// the batch. The gradient of the score explains the class.
/// </summary>
internal sealed class ClassEvidence
{
    /// <summary>Copies a network and adds the score.</summary>
    /// <param name="network">The network. Its first output must be [N, classes].</param>
    /// <param name="activation">The activation that turns the network's outputs into probabilities.</param>
    /// <param name="batch">The number of images in a batch.</param>
    /// <exception cref="FoveaException">The shape of the output cannot be inferred.</exception>
    public ClassEvidence(Graph network, Activation activation, int batch)
    {
        var input = network.Inputs[0];
        Graph = network.EmptyCopy();
        Images = Graph.Input(input.Name, ElementType.Float, input.Shape.With(0, batch));
        var values = new Dictionary<Value, Value> { [input] = Images };
        network.CopyTo(Graph, values);
        Logits = values[network.Outputs[0]];
        if (Logits.Shape is not { IsKnown: true, Rank: 2 })
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"The output of {network.Name} has the shape {Logits.Shape}, so its classes cannot be explained by gradients; expected "
                + "[N, classes], inferred from the operators before it.");
        }

        // The nodes before this index are the network's own nodes.
        NetworkNodes = Graph.Nodes.Count;
        Class = Graph.Input(Graph.FreeName("class"), ElementType.Int64, new Shape(1));
        var evidence = Evidence(activation);
        Score = Graph.ReduceSum(evidence * OneHot(), []);
    }

    /// <summary>The copy of the network, with the nodes of the score.</summary>
    public Graph Graph { get; }

    /// <summary>The input of images, [N, C, H, W].</summary>
    public Value Images { get; }

    /// <summary>The input of the class's index, int64 [1]; -1 for the likeliest class of each image.</summary>
    public Value Class { get; }

    /// <summary>The network's outputs, [N, classes].</summary>
    public Value Logits { get; }

    /// <summary>The score, one number. Its gradient explains the class.</summary>
    public Value Score { get; }

    /// <summary>The number of nodes of the network itself. They are the first nodes of <see cref="Graph"/>.</summary>
    public int NetworkNodes { get; }

    // The evidence for each class, [N, classes].
    private Value Evidence(Activation activation)
    {
        if (Logits.Producer is { Op: "Gemm", Domain: "" } spread && IsPair(spread[1], spread.Int("transB") != 0))
        {
            var number = activation == Activation.None ? ActivationReader.Of(spread[0]).Logits ?? spread[0] : spread[0];
            var column = Graph.Reshape(number, new Shape(Logits.Shape[0], 1));
            var weights = spread[1].Constant!.Floats;
            float difference = weights[1] - weights[0];
            return column * Graph.Constant(Tensor.Of(new Shape(1, 2), -difference, difference));
        }

        return activation != Activation.None ? LogitEnergy.Before(Logits) ?? Logits
            : ActivationReader.Of(Logits) is { Logits: { } before, Total: > 0 } && before.Shape == Logits.Shape ? before
            : Graph.Log(Graph.Max(Logits, Graph.Scalar(CommonGradients.Tiny)));
    }

    // Whether the weights compute two outputs from one number.
    private static bool IsPair(Value weights, bool isTransposed) =>
        weights.Constant is not null && weights.Shape == (isTransposed ? new Shape(2, 1) : new Shape(1, 2));

    private Value OneHot()
    {
        var likeliest = Graph.ArgMax(Logits, axis: 1);
        var chosen = Graph.Where(Graph.Greater(Graph.Constant(Tensor.Of(0L)), Class), likeliest, Class);
        long[] indices = [.. Enumerable.Range(0, Logits.Shape[1]).Select(i => (long)i)];
        return Graph.Mask(Graph.Equal(Graph.Reshape(chosen, new Shape(Logits.Shape[0], 1)), Graph.Constant(Tensor.Of(indices))));
    }
}
