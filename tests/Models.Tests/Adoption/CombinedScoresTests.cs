using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Scores that are selected, joined or averaged behind their activation.</summary>
public sealed class CombinedScoresTests
{
    // The average of two softmaxes, of the plain network and of a second head, in the forms that ensembles have.
    private static readonly Dictionary<string, Func<Graph, Value, Value, Value>> Averages = new()
    {
        ["half a sum"] = (_, p, q) => (p + q) * 0.5f,
        ["sum"] = (_, p, q) => p + q,
        ["mean"] = (g, p, q) => g.Apply("Mean", [p, q]),
        ["weights"] = (_, p, q) => (p * 0.5f) + (q * 0.5f),
        ["mean of a stack"] = (g, p, q) => g.Apply(
            "ReduceMean", [g.Concat([g.Reshape(p, new Shape(0, 1, 4)), g.Reshape(q, new Shape(0, 1, 4))], 1)],
            ("axes", new long[] { 1 }), ("keepdims", 0L)),
    };

    public static TheoryData<string> AverageForms => [.. Averages.Keys];

    [Theory, MemberData(nameof(AverageForms))]
    public void Average_of_networks_is_one_of_probabilities(string form)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [Averages[form](g, g.Softmax(z), g.Softmax(Second(g, z)))]).Write(folder);
        double[] second = [.. Answers(ForeignNetwork.Build((g, z) => [Second(g, z)]))];
        ForeignNetwork.AssertAnswer([.. ForeignNetwork.Softmax().Zip(second, (p, q) => (p + q) / 2)], ForeignNetwork.Answer(path));
    }

    [Fact]
    public void Classes_that_are_left_out_behind_the_softmax_are_no_reason_for_another()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Slice(g.Softmax(z), [1], [4], [1])]).Write(folder);
        var answer = ForeignNetwork.Answer(path, ForeignNetwork.Json(ForeignNetwork.Labels[1..]));
        Assert.All(ForeignNetwork.Labels.Zip(ForeignNetwork.Softmax()).Skip(1), p => Assert.Equal(p.Second, answer[p.First], 1e-4));
        Assert.Equal(ForeignNetwork.Filters, ClassifierHead.Find(
            ModelAdoption.Read(path, ForeignNetwork.Json(ForeignNetwork.Labels[1..])).Graph).FeatureCount);
    }

    [Fact]
    public void Sigmoids_side_by_side_are_independent_labels()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Concat([.. g.Split(z, [1, 3], 1).Select(part => g.Sigmoid(part))], 1)]).Write(folder);
        ForeignNetwork.AssertAnswer([.. ForeignNetwork.Logits().Select(z => 1 / (1 + Math.Exp(-z)))], ForeignNetwork.Answer(path));
    }

    [Fact]
    public void Probability_beside_its_complement_is_that_of_two_classes()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(
            (g, z) => g.Sigmoid(z) is var p ? [g.Concat([g.Scalar(1) - p, p], 1)] : [], classes: 1).Write(folder);
        double second = 1 / (1 + Math.Exp(-ForeignNetwork.Logits()[0]));
        ForeignNetwork.AssertAnswer([1 - second, second], ForeignNetwork.Answer(path, ForeignNetwork.Json(["ant", "bee"])));
    }

    [Theory]
    [InlineData("two softmaxes")]
    [InlineData("negative logarithms")]
    [InlineData("difference")]
    public void Scores_that_may_be_read_in_two_ways_need_the_activation(string form)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => form switch
        {
            "two softmaxes" => [g.Concat([.. g.Split(z, [2, 2], 1).Select(part => g.Softmax(part))], 1)],
            "negative logarithms" => [-g.LogSoftmax(z)],
            _ => [g.Softmax(z) - g.Softmax(Second(g, z))],
        }).Write(folder);
        var needs = ModelAdoption.Read(path, ForeignNetwork.Json()).Findings.Needs;
        Assert.Contains("\"activation\" in model.json", Assert.Single(needs), StringComparison.Ordinal);
        Assert.True(ModelAdoption.Read(path, ForeignNetwork.Json(activation: Activation.None)).IsComplete);
    }

    [Fact]
    public void Highest_probability_and_its_index_lead_to_the_scores()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => g.Softmax(z) is var p
            ? [g.Apply("ReduceMax", [p], ("axes", new long[] { 1 }), ("keepdims", 0L)), g.ArgMax(p, 1)]
            : []).Write(folder);
        Assert.Equal(4, ModelAdoption.Read(path, ForeignNetwork.Json() with { Labels = null }).Classes);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    private static Value Second(Graph g, Value z) => g.Add(
        "Gemm", [z.Producer![0], g.Initializer("w3", ForeignNetwork.Random(7, 1, ForeignNetwork.Filters, 4))], name: "other").Output;

    private static IEnumerable<double> Answers(Graph graph)
    {
        using var folder = new TemporaryFolder();
        var answer = ForeignNetwork.Answer(graph.Write(folder));
        return ForeignNetwork.Labels.Select(label => answer[label]);
    }
}
