using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Heads;

/// <summary>Heads of several layers: separate sigmoids, and ensembles of networks.</summary>
public sealed class JoinedHeadTests
{
    private const int Labels = 3;

    private static readonly Shape Image = new(3, 6, 6);

    // Each form computes the scores from the feature maps of two networks, which have 4 and 5 channels. In most forms, each network has its
    // own dense layer.
    private static readonly Dictionary<string, (int Features, Func<Graph, Value, Value, Value> Scores)> Forms = new()
    {
        ["sigmoids of one network side by side"] = (4, (g, x, _) => Pooled(g, x) is var features
            ? g.Concat([g.Sigmoid(Dense(g, features, 4, 1, "a")), g.Sigmoid(Dense(g, features, 4, 2, "b"))], 1)
            : x),
        ["logits side by side"] = (9, (g, x, y) => g.Concat([Dense(g, Pooled(g, x), 4, 1, "a"), Dense(g, Pooled(g, y), 5, 2, "b")], 1)),
        ["half the sum of softmaxes"] = (9, (g, x, y) => (First(g, x) + Second(g, y)) * 0.5f),
        ["weighted sum of softmaxes"] = (9, (g, x, y) => (First(g, x) * 0.3f) + (Second(g, y) * 0.7f)),
        ["mean of softmaxes"] = (9, (g, x, y) => g.Apply("Mean", [First(g, x), Second(g, y)])),
        ["mean of logits"] = (9, (g, x, y) =>
            g.Softmax(g.Apply("Mean", [Dense(g, Pooled(g, x), 4, Labels, "a"), Dense(g, Pooled(g, y), 5, Labels, "b")]))),
        ["mean over a stack"] = (9, (g, x, y) => g.Apply(
            "ReduceMean",
            [g.Concat([g.Reshape(First(g, x), new Shape(0, 1, Labels)), g.Reshape(Second(g, y), new Shape(0, 1, Labels))], 1)],
            ("axes", new long[] { 1 }), ("keepdims", 0L))),
        ["convolution and dense layer"] = (9, (g, x, y) => First(g, x) + g.Softmax(g.Flatten(g.Apply(
            "GlobalAveragePool", [g.Conv(y, Weight(g, "b.weight", Labels, 5, 1, 1), name: "b")])))),
        ["sum of three"] = (14, (g, x, y) => First(g, x) + Second(g, y) + g.Softmax(Dense(g, Pooled(g, y), 5, Labels, "c"))),
    };

    public static TheoryData<string> Names => [.. Forms.Keys];

    [Theory, MemberData(nameof(Names))]
    public void New_head_reads_the_features_of_all_layers(string form)
    {
        var network = Build(form);
        var head = ClassifierHead.Find(network);
        Assert.Equal((Labels, Forms[form].Features, false), (head.Classes, head.FeatureCount, head.MayBeFeatures));
        Assert.Contains("layers whose outputs are joined or averaged: a (Gemm), b (", head.Description, StringComparison.Ordinal);

        Tensor weights = HeadForms.Numbers(new Shape(2, head.FeatureCount)), bias = HeadForms.Numbers(new Shape(2));
        var replaced = head.Replaced(Image, weights, bias);
        Assert.Equal(["logits Float[N, 2]"], replaced.Outputs.Select(o => o.ToString()));
        Assert.DoesNotContain(replaced.Initializers.Keys, value => value.Name.StartsWith("a.", StringComparison.Ordinal));
        var images = HeadForms.Numbers(new Shape(2, 3, 6, 6)).Floats.ToArray();
        float[] features = Run(head.Backbone(Image), images), logits = Run(replaced, images);
        for (int i = 0; i < logits.Length; i++)
        {
            int f = head.FeatureCount, c = i % 2;
            float expected = bias.Floats[c] + Enumerable.Range(0, f).Sum(k => weights.Floats[c * f + k] * features[i / 2 * f + k]);
            Assert.Equal(expected, logits[i], 1e-4f);
        }
    }

    [Fact]
    public void Long_sums_of_one_value_are_searched_in_short_time()
    {
        var g = new Graph("sums");
        var sum = Dense(g, Pooled(g, g.Input("data", ElementType.Float, new Shape(-1, 3, 6, 6))), 3, Labels, "a");
        for (int i = 0; i < 90; i++)
        {
            sum += sum;
        }

        g.Output(sum);
        Assert.Equal(3, ClassifierHead.Find(g).FeatureCount);
    }

    [Fact]
    public void Maps_that_are_joined_inside_a_network_are_features()
    {
        var g = new Graph("inception");
        var x = g.Input("data", ElementType.Float, new Shape(-1, 3, 6, 6));
        g.Output(g.Concat([Pooled(g, Map(g, x, 4)), Pooled(g, Map(g, x, 5))], 1));
        Assert.NotEqual(false, ClassifierHead.TryFind(g)?.MayBeFeatures);
    }

    private static Graph Build(string form)
    {
        var g = new Graph("joined");
        var x = g.Input("data", ElementType.Float, new Shape(-1, 3, 6, 6));
        g.Output(Forms[form].Scores(g, Map(g, x, 4), Map(g, x, 5)));
        return g;
    }

    private static Value Map(Graph g, Value x, int channels) => g.Relu(
        g.Conv(x, Weight(g, $"conv{channels}.weight", channels, 3, 3, 3), window: Window.Square(3, padding: 1)));

    private static Value First(Graph g, Value x) => g.Softmax(Dense(g, Pooled(g, x), 4, Labels, "a"));

    private static Value Second(Graph g, Value y) => g.Softmax(Dense(g, Pooled(g, y), 5, Labels, "b"));

    private static Value Pooled(Graph g, Value x) => g.Flatten(g.Apply("GlobalAveragePool", [x]));

    private static Value Dense(Graph g, Value x, int features, int outputs, string name) =>
        g.Add("Gemm", [x, Weight(g, $"{name}.weight", features, outputs)], name: name).Output;

    private static Value Weight(Graph g, string name, params int[] shape) => g.Initializer(name, HeadForms.Numbers(new Shape(shape)));

    private static float[] Run(Graph graph, float[] images)
    {
        using var session = Sessions.Open(graph);
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(images, [2, 3, 6, 6]);
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
