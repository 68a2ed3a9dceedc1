using Fovea.Models.Graphs;

namespace Fovea.Models.Heads;

/// <summary>
/// Finds an activation between the last layer and the outputs that <see cref="ActivationReader"/> cannot find, because unknown nodes follow
/// it.
/// </summary>
internal static class HiddenActivation
{
    // Sparsemax and entmax sort the logits by TopK and add them up by CumSum.
    private static readonly string[] Activations =
        ["Softmax", "LogSoftmax", "Sigmoid", "HardSigmoid", "QLinearSoftmax", "QLinearSigmoid", "TopK", "CumSum", "Hardmax"];

    // Classifiers of scikit-learn and the like, whose scores may or may not be probabilities.
    private static readonly string[] Classifiers =
        ["LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier", "TreeEnsemble", "Normalizer"];

    // Operators that mix pixels or features. An activation before such an operator is inside the network, so the search stops there.
    private static readonly string[] Mixing =
    [
        "Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum", "QLinearConv", "QLinearMatMul", "QGemm", "MatMulInteger", "ConvInteger",
        "GlobalAveragePool", "AveragePool", "MaxPool", "GlobalMaxPool", "ReduceMean", "ReduceMax", "ReduceSum", "BatchNormalization",
        "LayerNormalization", "InstanceNormalization", "LSTM", "GRU", "RNN",
    ];

    /// <summary>The node of the activation; <c>null</c> if there is none between the last layer and the output.</summary>
    public static Node? Before(Value output)
    {
        var seen = new HashSet<Value>();
        var waiting = new Queue<Value>([output]);
        while (waiting.TryDequeue(out var value))
        {
            if (value.Producer is not { } node || (Mixing.Contains(node.Op) && !IsOverClasses(node)))
            {
                continue;
            }

            if (Classifiers.Contains(node.Op) || ActivationForms.SharedParts(node) is not null || IsCutToOne(node)
                || (Activations.Contains(node.Op) && !IsGate(node)))
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

    // Whether the node adds up scores of classes, [N, classes], and no feature maps. If the rank is unknown, the axes show it: feature maps
    // are added up over height and width.
    private static bool IsOverClasses(Node node) =>
        node is { Op: "ReduceSum" or "ReduceMax", Domain: "" }
        && (node[0].Shape.IsRanked ? node[0].Shape.Rank == 2 : node.Given("axes", 1) is [1 or -1]);

    // Numbers that are cut to the range of probabilities, 0 to 1.
    private static bool IsCutToOne(Node node) =>
        node is { Op: "Clip", Domain: "", Inputs: [_, { } least, { } most] } && ActivationForms.Number(least) is >= 0 and < 1
        && ActivationForms.Number(most) is > 0 and <= 1;

    // Whether the sigmoid is part of x sigmoid(x) (SiLU), an activation inside networks.
    private static bool IsGate(Node sigmoid) => sigmoid.Output.Graph.Nodes.Any(node =>
        node.Op == "Mul" && node.Inputs.Contains(sigmoid.Output) && node.Inputs.Contains(sigmoid[0]));
}
