using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Heads;

namespace Fovea.Models.Explanations;

// Binary heads: where both outputs come from one number z, y = w z + b, the evidence for a class is how much its output exceeds the other:
// (w1 - w0) z for the second class, and minus that for the first. Of the logits 0 and z themselves, the first has no gradient.
// Probabilities: a saturated softmax or sigmoid has no gradient, so the value before it counts where it can be found; else the logarithm.

/// <summary>
/// A network for batches of one size, with the number whose gradient explains a class: the sum of the class's logits over the batch.
/// </summary>
internal sealed class ClassEvidence
{
    /// <summary>Adds the number to a copy of a network.</summary>
    /// <param name="network">The network, whose first output is [N, classes].</param>
    /// <param name="activation">The function from its outputs to probabilities.</param>
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

        // The layers of the network come before this number of nodes.
        NetworkNodes = Graph.Nodes.Count;
        Class = Graph.Input(Graph.FreeName("class"), ElementType.Int64, new Shape(1));
        var evidence = Evidence(activation);
        Score = Graph.ReduceSum(evidence * OneHot(), []);
    }

    /// <summary>The copy of the network.</summary>
    public Graph Graph { get; }

    /// <summary>The input of images, [N, C, H, W].</summary>
    public Value Images { get; }

    /// <summary>The input of the class's index, int64 [1]; -1 for the likeliest class of each image.</summary>
    public Value Class { get; }

    /// <summary>The network's outputs, [N, classes].</summary>
    public Value Logits { get; }

    /// <summary>The number whose gradient explains the class.</summary>
    public Value Score { get; }

    /// <summary>The number of nodes of the network itself, which come first.</summary>
    public int NetworkNodes { get; }

    // [N, classes]
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

    // Weights that make two outputs of one number.
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
