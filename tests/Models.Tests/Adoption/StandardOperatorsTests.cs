using Fovea.Models.Adoption;
using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Operators of other domains and of newer sets, in all of which the plain network's weights answer.</summary>
public sealed class StandardOperatorsTests
{
    private const int Filters = ForeignNetwork.Filters, Side = ForeignNetwork.Side;

    [Theory]
    [InlineData("SOFTMAX", false)]
    [InlineData("SOFTMAX", true)]
    [InlineData("NONE", false)]
    [InlineData("LOGISTIC", true)]
    public void Linear_classifier_is_a_layer(string post, bool isNormalized)
    {
        using var folder = new TemporaryFolder();
        var path = Network(features => Linear(features, post, isNormalized)).Write(folder);
        double[] expected = post == "LOGISTIC" ? Shares([.. ForeignNetwork.Logits().Select(z => 1 / (1 + Math.Exp(-z)))])
            : ForeignNetwork.Softmax();
        ForeignNetwork.AssertAnswer(expected, ForeignNetwork.Answer(path));
        Assert.Equal(Filters, ClassifierHead.Find(ModelAdoption.Read(path, ForeignNetwork.Json()).Graph).FeatureCount);
    }

    [Theory]
    [InlineData("Relu", false)]
    [InlineData("Sigmoid", true)]
    public void Fused_layers_are_taken_apart(string activation, bool isMultiLabel)
    {
        using var folder = new TemporaryFolder();
        var plain = ForeignNetwork.Build();
        var path = Network(features => features.Graph.Apply(
            "com.microsoft", "FusedGemm", [features, Weight(features.Graph, plain, "w2"), Weight(features.Graph, plain, "b2")],
            new Shape(-1, 4), ("activation", activation)), fused: true).Write(folder);
        float[] logits = ForeignNetwork.Logits();
        double[] expected = isMultiLabel ? [.. logits.Select(z => 1 / (1 + Math.Exp(-z)))]
            : ProbabilityRule.Softmax([.. logits.Select(z => Math.Max(0, z))]);
        ForeignNetwork.AssertAnswer(expected, ForeignNetwork.Answer(path));
        Assert.All(ModelAdoption.Read(path, ForeignNetwork.Json()).Graph.Nodes, node => Assert.Empty(node.Domain));
    }

    [Fact]
    public void Trees_over_features_need_the_activation()
    {
        using var folder = new TemporaryFolder();
        var path = Network(Tree).Write(folder);
        Assert.Contains("\"activation\"", Assert.Single(ModelAdoption.Read(path, ForeignNetwork.Json()).Findings.Needs),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(18, 2)]
    [InlineData(21, Filters)]
    public void Group_normalisation_is_written_in_older_operators(int set, int scales)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(body: (g, x) =>
        {
            g.OperatorSets[""] = set;
            var y = g.Apply("GroupNormalization",
                [x, g.Initializer("gamma", ForeignNetwork.Random(11, 1, scales)),
                    g.Initializer("beta", ForeignNetwork.Random(12, 1, scales))],
                ("num_groups", 2L));
            (y.Type, y.Shape) = (x.Type, x.Shape);
            return y;
        }).Write(folder);
        var adopted = ModelAdoption.Read(path, ForeignNetwork.Json()).Graph;
        Assert.DoesNotContain(adopted.Nodes, node => node.Op == "GroupNormalization");
        Assert.Equal(Graph.Opset, adopted.OperatorSets[""]);
        Assert.Equal(Run(OnnxFile.Read(path)), Run(adopted), (a, b) => Math.Abs(a - b) < 1e-4f);
    }

    // The layer that quantize_dynamic writes: the features are quantised by the range that they have.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Layer_that_is_quantised_while_it_runs_is_a_layer_of_floats(bool fused)
    {
        using var folder = new TemporaryFolder();
        var path = Network(features => Quantised(features, fused)).Write(folder);
        var answer = ForeignNetwork.Answer(path);
        Assert.All(ForeignNetwork.Labels.Zip(ForeignNetwork.Softmax()), p => Assert.Equal(p.Second, answer[p.First], 0.05));
        var floats = Dequantization.Of(ModelAdoption.Read(path, ForeignNetwork.Json()).Graph);
        Assert.Equal((4, Filters), (ClassifierHead.Find(floats).Classes, ClassifierHead.Find(floats).FeatureCount));
        Assert.Equal(Run(OnnxFile.Read(path)), Run(floats), (a, b) => Math.Abs(a - b) < 0.05f);
    }

    [Fact]
    public void Pixels_that_only_the_input_quantises_become_floats()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(input: g => g.Apply(
            "DequantizeLinear",
            [g.Input("data", ElementType.UInt8, new Shape(-1, 3, Side, Side)), g.Scalar(1 / 255f),
                g.Constant(new Tensor(ElementType.UInt8, Shape.Scalar, new byte[1]))])).Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
        var adopted = ModelAdoption.Read(path, ForeignNetwork.Json()).Graph;
        Assert.Equal(Run(adopted, 255), Run(Dequantization.Of(adopted), 255), (a, b) => Math.Abs(a - b) < 1e-4f);
    }

    [Fact]
    public void Double_precision_becomes_floats()
    {
        using var folder = new TemporaryFolder();
        var floats = ForeignNetwork.Build();
        var doubles = new Graph("doubles");
        var values = new Dictionary<Value, Value>
        {
            [floats.Inputs[0]] = doubles.Input("data", ElementType.Double, new Shape(-1, 3, Side, Side)),
        };
        foreach (var (value, tensor) in floats.Initializers)
        {
            byte[] bytes = [.. tensor.Floats.ToArray().SelectMany(x => BitConverter.GetBytes((double)x))];
            values[value] = doubles.Initializer(value.Name, new Tensor(ElementType.Double, tensor.Shape, bytes));
        }

        floats.CopyTo(doubles, values);
        doubles.Output(values[floats.Outputs[0]]);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(doubles.Write(folder)));
    }

    // The plain network's features, and another last layer.
    private static Graph Network(Func<Value, Value> head, bool fused = false)
    {
        var plain = ForeignNetwork.Build();
        var g = new Graph("other operators");
        var x = g.Input("data", ElementType.Float, new Shape(-1, 3, Side, Side));
        Value w = Weight(g, plain, "w1"), b = Weight(g, plain, "b1");
        var y = fused
            ? g.Apply("com.microsoft", "FusedConv", [x, w, b], new Shape(-1, Filters, Side - 2, Side - 2), ("activation", "Relu"))
            : g.Relu(g.Conv(x, w, b));
        g.Output(head(g.Flatten(g.Apply("GlobalAveragePool", [y]))));
        return g;
    }

    private static Value Linear(Value features, string post, bool isNormalized)
    {
        var plain = ForeignNetwork.Build();
        float[] w2 = Tensor(plain, "w2").Floats.ToArray();
        float[] rows = [.. Enumerable.Range(0, 4 * Filters).Select(i => w2[(i % Filters * 4) + (i / Filters)])];
        var g = features.Graph;
        g.OperatorSets["ai.onnx.ml"] = 1;
        var scores = g.Add(
            "LinearClassifier", [features],
            [("coefficients", rows), ("intercepts", Tensor(plain, "b2").Floats.ToArray()), ("post_transform", post),
                ("classlabels_ints", new long[] { 0, 1, 2, 3 })],
            domain: "ai.onnx.ml", outputs: ["label", "scores"]).Outputs[1];
        (scores.Type, scores.Shape) = (ElementType.Float, new Shape(-1, 4));
        return isNormalized ? g.Apply("ai.onnx.ml", "Normalizer", [scores], new Shape(-1, 4), ("norm", "L1")) : scores;
    }

    // One tree of a root and two leaves.
    private static Value Tree(Value features)
    {
        features.Graph.OperatorSets["ai.onnx.ml"] = 1;
        var scores = features.Graph.Add(
            "TreeEnsembleClassifier", [features],
            [
                ("nodes_treeids", new long[3]), ("nodes_nodeids", new long[] { 0, 1, 2 }), ("nodes_featureids", new long[3]),
                ("nodes_values", new[] { 0.1f, 0, 0 }), ("nodes_modes", new[] { "BRANCH_LEQ", "LEAF", "LEAF" }),
                ("nodes_truenodeids", new long[] { 1, 0, 0 }), ("nodes_falsenodeids", new long[] { 2, 0, 0 }),
                ("class_treeids", new long[8]), ("class_nodeids", new long[] { 1, 1, 1, 1, 2, 2, 2, 2 }),
                ("class_ids", new long[] { 0, 1, 2, 3, 0, 1, 2, 3 }),
                ("class_weights", new[] { 0.7f, 0.1f, 0.1f, 0.1f, 0.1f, 0.2f, 0.3f, 0.4f }),
                ("classlabels_int64s", new long[] { 0, 1, 2, 3 }), ("post_transform", "NONE"),
            ],
            domain: "ai.onnx.ml", outputs: ["label", "scores"]).Outputs[1];
        (scores.Type, scores.Shape) = (ElementType.Float, new Shape(-1, 4));
        return scores;
    }

    private static Value Quantised(Value features, bool fused)
    {
        var (g, plain) = (features.Graph, ForeignNetwork.Build());
        float[] w2 = Tensor(plain, "w2").Floats.ToArray();
        float scale = w2.Max(Math.Abs) / 63;
        var weights = g.Constant(new Tensor(
            ElementType.Int8, new Shape(Filters, 4), Array.ConvertAll(w2, w => (byte)(sbyte)MathF.Round(w / scale))));
        var zero = g.Constant(new Tensor(ElementType.Int8, Shape.Scalar, new byte[1]));
        var bias = Weight(g, plain, "b2");
        if (fused)
        {
            return g.Apply("com.microsoft", "DynamicQuantizeMatMul", [features, weights, g.Scalar(scale), zero, bias], new Shape(-1, 4));
        }

        var q = g.Add("DynamicQuantizeLinear", [features], [], outputs: ["q", "q_scale", "q_zero"]).Outputs;
        (q[0].Type, q[1].Type, q[2].Type) = (ElementType.UInt8, ElementType.Float, ElementType.UInt8);
        q[1].Shape = Shape.Scalar;
        var product = g.Apply("MatMulInteger", [q[0], weights, q[2], zero]);
        (product.Type, product.Shape) = (ElementType.Int32, new Shape(-1, 4));
        return (g.Cast(product, ElementType.Float) * (q[1] * g.Scalar(scale))) + bias;
    }

    private static Tensor Tensor(Graph graph, string name) => graph.Initializers.First(i => i.Key.Name == name).Value;

    private static Value Weight(Graph target, Graph plain, string name) => target.Initializer(name, Tensor(plain, name));

    private static double[] Shares(double[] values) => [.. values.Select(value => value / values.Sum())];

    private static float[] Run(Graph graph, float range = 1)
    {
        using var session = Sessions.Open(graph);
        var images = ForeignNetwork.Random(21, range / 2, 2 * 3 * Side * Side).Floats.ToArray();
        images = Array.ConvertAll(images, x => x + (range / 2));
        using var input = Microsoft.ML.OnnxRuntime.OrtValue.CreateTensorValueFromMemory(images, [2, 3, Side, Side]);
        using var options = new Microsoft.ML.OnnxRuntime.RunOptions();
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
