using Fovea.Models.Graphs;

namespace Fovea.Models.Heads;

/// <summary>Finds an activation that stands before the outputs, behind nodes that no reading explains.</summary>
internal static class HiddenActivation
{
    private static readonly string[] Activations = ["Softmax", "LogSoftmax", "Sigmoid", "HardSigmoid", "QLinearSoftmax", "QLinearSigmoid"];

    // Classifiers whose scores may be probabilities or not.
    private static readonly string[] Classifiers =
        ["LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier", "TreeEnsemble", "Normalizer"];

    // Operators that mix pixels or features. An activation before them is one inside the network.
    private static readonly string[] Mixing =
    [
        "Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum", "QLinearConv", "QLinearMatMul", "QGemm", "MatMulInteger", "ConvInteger",
        "GlobalAveragePool", "AveragePool", "MaxPool", "GlobalMaxPool", "ReduceMean", "ReduceMax", "ReduceSum", "BatchNormalization",
        "LayerNormalization", "InstanceNormalization", "LSTM", "GRU", "RNN",
    ];

    /// <summary>The node; <c>null</c> if there is none between the output and the last layer.</summary>
    public static Node? Before(Value output)
    {
        var seen = new HashSet<Value>();
        var waiting = new Queue<Value>([output]);
        while (waiting.TryDequeue(out var value))
        {
            if (value.Producer is not { } node || Mixing.Contains(node.Op))
            {
                continue;
            }

            if (Classifiers.Contains(node.Op) || (Activations.Contains(node.Op) && !IsGate(node)))
            {
                return node;
            }

            foreach (var input in node.Inputs.OfType<Value>().Where(seen.Add))
            {
                waiting.Enqueue(input);
            }
        }

        return null;
    }

    // x sigmoid(x), an activation of layers.
    private static bool IsGate(Node sigmoid) => sigmoid.Output.Graph.Nodes.Any(node =>
        node.Op == "Mul" && node.Inputs.Contains(sigmoid.Output) && node.Inputs.Contains(sigmoid[0]));
}
