using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Outputs that are seldom logits: a softmax over them would be wrong without a word.</summary>
public sealed class UnusualOutputTests
{
    private static readonly Dictionary<string, Func<Graph, Value, Value>> Forms = new()
    {
        ["distance"] = (g, z) => g.Sqrt(SquaredDistances(g, z)),
        ["squared distance"] = SquaredDistances,
        ["norm"] = (g, z) => g.Apply("ReduceL2", [Differences(g, z)], ("axes", new long[] { 2 }), ("keepdims", 0L)),
        ["softplus"] = (g, z) => g.Apply("Softplus", [z]),
        ["logarithm of a sigmoid"] = (g, z) => -g.Apply("Softplus", [-z]),
        ["exponential"] = (g, z) => g.Exp(z),
        ["one less an exponential"] = (g, z) => g.Scalar(1) - g.Exp(-g.Apply("Softplus", [z])),
        ["hyperbolic tangent"] = (g, z) => g.Apply("Tanh", [z]) * 2,
        ["sparsemax"] = Sparsemax,
        ["sigmoid less a half above zero"] = (g, z) => Positive(g, g.Sigmoid(z) - g.Scalar(0.5f)),
        ["hyperbolic tangent above zero"] = (g, z) => Positive(g, g.Apply("Tanh", [z])),
        ["logits above one"] = (g, z) => g.Cast(g.Greater(z, g.Scalar(1)), ElementType.Float),
    };

    public static TheoryData<string> Names => [.. Forms.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Activation_is_needed_and_may_be_given(string form)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [Forms[form](g, z)]).Write(folder);
        var needs = ModelAdoption.Read(path, ForeignNetwork.Json()).Findings.Needs;
        Assert.Contains("\"activation\" in model.json says which", Assert.Single(needs), StringComparison.Ordinal);
        Assert.Empty(ModelAdoption.Read(path, ForeignNetwork.Json(activation: Activation.Softmax)).Findings.Needs);
    }

    [Fact]
    public void Negative_distances_are_logits()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [-g.Sqrt(SquaredDistances(g, z))]).Write(folder);
        double[] distances = [.. ForeignNetwork.Logits().Select(Distance)];
        double sum = distances.Sum(d => Math.Exp(-d));
        ForeignNetwork.AssertAnswer([.. distances.Select(d => Math.Exp(-d) / sum)], ForeignNetwork.Answer(path));
    }

    [Theory]
    [InlineData("RandomNormalLike")]
    [InlineData("RandomUniformLike")]
    [InlineData("Bernoulli")]
    public void Random_numbers_are_refused_by_name(string op)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [z + g.Add(op, [g.Sigmoid(z)], name: "noise").Output]).Write(folder);
        var error = Assert.Throws<FoveaException>(() => ModelAdoption.Read(path, ForeignNetwork.Json()));
        Assert.Contains($"noise ({op}) draws random numbers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Squeeze_without_axes_keeps_the_batch()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Apply("Squeeze", [g.Softmax(g.Reshape(z, new Shape(0, 4, 1, 1)), axis: 1)])])
            .Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
        Assert.Equal("[N, 4]", ModelAdoption.Read(path, ForeignNetwork.Json()).Graph.Outputs[0].Shape.ToString());
    }

    [Fact]
    public void Squeeze_of_one_number_for_one_image_is_the_probability_of_two_classes()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(
            (g, z) => [g.Apply("Squeeze", [g.Sigmoid(z)])],
            g => g.Input("data", ElementType.Float, new Shape(1, 3, ForeignNetwork.Side, ForeignNetwork.Side)),
            classes: 1).Write(folder);
        var answer = ForeignNetwork.Answer(path, ForeignNetwork.Json(["no", "yes"]));
        Assert.Equal(1 / (1 + Math.Exp(-ForeignNetwork.Logits()[0])), answer["yes"], 1e-4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Probability_and_its_complement_are_two_classes_in_any_order(bool isFirst)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(
            (g, z) => [g.Sigmoid(z) is var p && isFirst ? g.Concat([p, g.Scalar(1) - p], 1) : g.Concat([g.Scalar(1) - p, p], 1)],
            classes: 1).Write(folder);
        var answer = ForeignNetwork.Answer(path, ForeignNetwork.Json(isFirst ? ["yes", "no"] : ["no", "yes"]));
        Assert.Equal(1 / (1 + Math.Exp(-ForeignNetwork.Logits()[0])), answer["yes"], 1e-4);
    }

    [Theory]
    [InlineData("Less", false)]
    [InlineData("LessOrEqual", false)]
    [InlineData("Greater", true)]
    public void Labels_whose_scores_are_below_a_number_need_a_minus(string op, bool isFirst)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) =>
            [g.Cast(g.Add(op, isFirst ? [g.Scalar(0), z] : [z, g.Scalar(0)], name: "chosen").Output, ElementType.Float)]).Write(folder);
        var need = Assert.Single(ModelAdoption.Read(path, ForeignNetwork.Json()).Findings.Needs);
        Assert.Contains($"below a number (chosen, {op})", need, StringComparison.Ordinal);
        Assert.Contains("a minus in the graph", need, StringComparison.Ordinal);
        Assert.Empty(ModelAdoption.Read(path, ForeignNetwork.Json(activation: Activation.Sigmoid)).Findings.Needs);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Comparison_that_the_output_does_not_depend_on_decides_nothing(float number)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) =>
        {
            g.Greater(z, g.Scalar(number));
            return [g.ArgMax(z, 1)];
        }).Write(folder);
        Assert.Empty(ModelAdoption.Read(path, ForeignNetwork.Json()).Findings.Needs);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    private static Value Positive(Graph g, Value scores) => g.Cast(g.Greater(scores, g.Scalar(0)), ElementType.Float);

    // The squared distance of [z_c, 1] from [0.5, 2] for each class c.
    private static Value SquaredDistances(Graph g, Value z) => g.ReduceSum(g.Pow(Differences(g, z), 2), [2]);

    private static Value Differences(Graph g, Value z)
    {
        var pair = g.Concat([g.Reshape(z, new Shape(0, 4, 1)), g.Reshape(z * 0 + 1, new Shape(0, 4, 1))], 2);
        return pair - g.Constant(Tensor.Of(new Shape(1, 1, 2), 0.5f, 2));
    }

    private static double Distance(float z) => Math.Sqrt(((z - 0.5) * (z - 0.5)) + 1);

    // The support is found from the sorted logits and their sums.
    private static Value Sparsemax(Graph g, Value z)
    {
        var sorted = g.Add("TopK", [z, g.Constant(Tensor.Of(4L))], outputs: ["sorted", "places"]).Outputs[0];
        var sums = g.Apply("CumSum", [sorted, g.Constant(new Tensor(ElementType.Int64, Shape.Scalar, BitConverter.GetBytes(1L)))]);
        var ranks = g.Constant(Tensor.Of(new Shape(1, 4), 1, 2, 3, 4));
        var inside = g.Mask(g.Greater((ranks * sorted) + 1, sums));
        var threshold = (g.ReduceSum(inside * sorted, [1], keep: true) + -1) / g.ReduceSum(inside, [1], keep: true);
        return g.Relu(z - threshold);
    }
}
