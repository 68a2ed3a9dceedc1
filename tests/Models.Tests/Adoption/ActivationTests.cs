using Fovea.Models.Adoption;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

public sealed class ActivationTests
{
    // The operators behind the linear layer, by name; all compute a softmax of its outputs.
    private static readonly Dictionary<string, Func<Graph, Value, Value>> OfSoftmax = new()
    {
        ["nothing"] = (_, z) => z,
        ["softmax"] = (g, z) => g.Softmax(z),
        ["softmax over axis 1"] = (g, z) => g.Softmax(z, axis: 1),
        ["softmax, reshaped"] = (g, z) => g.Reshape(g.Softmax(g.Reshape(z, new Shape(0, 4, 1, 1)), axis: 1), new Shape(-1, 4)),
        ["softmax of channels last"] = (g, z) => g.Softmax(g.Reshape(z, new Shape(0, 1, 1, 4)), axis: -1),
        ["softmax in four dimensions"] = (g, z) => g.Softmax(g.Reshape(z, new Shape(0, 4, 1, 1)), axis: 1),
        ["softmax and a dropout"] = (g, z) => g.Apply("Identity", [g.Apply("Dropout", [g.Softmax(z)])]),
        ["log-softmax"] = (g, z) => g.LogSoftmax(z),
        ["logarithm of a softmax"] = (g, z) => g.Log(g.Softmax(z)),
        ["exponential of a log-softmax"] = (g, z) => g.Exp(g.LogSoftmax(z)),
        ["exponentials over their sum"] = (g, z) => g.Exp(z) is var e ? e / g.ReduceSum(e, [1], keep: true) : z,
        ["exponentials without their maximum"] = (g, z) =>
            g.Exp(z - g.Apply("ReduceMax", [z], ("axes", new long[] { 1 }))) is var e ? e / g.ReduceSum(e, [-1], keep: true) : z,
        ["exponentials times the reciprocal of their sum"] = (g, z) =>
            g.Exp(z) is var e ? e * g.Apply("Reciprocal", [g.ReduceSum(e, [1], keep: true)]) : z,
        ["minus the logarithm of the sum"] = (g, z) => z - g.Log(g.ReduceSum(g.Exp(z), [1], keep: true)),
        ["softmax in per cent"] = (g, z) => g.Softmax(z) * 100,
        ["powers of e over their sum"] = (g, z) =>
            g.Pow(g.Scalar(MathF.E), z) is var e ? e / (g.ReduceSum(e, [1], keep: true) + 1e-9f) : z,
        ["exponentials over their norm"] = (g, z) => g.Apply("LpNormalization", [g.Exp(z)], ("axis", 1L), ("p", 1L)),
        ["exponentials over their absolute sum"] = (g, z) =>
            g.Exp(z) is var e ? e / g.Apply("ReduceL1", [e], ("axes", new long[] { 1 }), ("keepdims", 1L)) : z,
        ["exponentials times a power of their sum"] = (g, z) => g.Exp(z) is var e ? g.Pow(g.ReduceSum(e, [1], keep: true), -1) * e : z,
        ["log-softmax without the maximum"] = (g, z) => z - g.Apply("ReduceMax", [z], ("axes", new long[] { 1 })) is var s
            ? s - g.Log(g.ReduceSum(g.Exp(s), [1], keep: true)) : z,
        ["softmax of the transposed"] = (g, z) => g.Transpose(g.Softmax(g.Transpose(z, 1, 0), axis: 0), 1, 0),
        ["softmax that is normalised again"] = (g, z) => g.Softmax(z) is var p ? p / g.ReduceSum(p, [1], keep: true) : z,
        ["softmax in two parts"] = (g, z) => g.Concat([.. g.Split(g.Softmax(z), [2, 2], 1)], 1),
    };

    private static readonly Dictionary<string, Func<Graph, Value, Value>> OfSigmoid = new()
    {
        ["sigmoid"] = (g, z) => g.Apply("Sigmoid", [z]),
        ["sigmoid, reshaped"] = (g, z) => g.Reshape(g.Apply("Sigmoid", [g.Reshape(z, new Shape(0, 4, 1, 1))]), new Shape(-1, 4)),
        ["one over one plus an exponential"] = (g, z) => g.Scalar(1) / (g.Exp(-z) + 1),
        ["reciprocal of one plus an exponential"] = (g, z) => g.Apply("Reciprocal", [g.Scalar(1) + g.Exp(z * -1)]),
        ["one over one plus the exponential of a difference"] = (g, z) => g.Scalar(1) / (g.Scalar(1) + g.Exp(g.Scalar(0) - z)),
        ["power of one plus an exponential"] = (g, z) => g.Pow(g.Exp(z / g.Scalar(-1)) + 1, -1),
        ["exponential over one plus itself"] = (g, z) => g.Exp(z) is var e ? e / (e + 1) : z,
        ["half of one plus a hyperbolic tangent"] = (g, z) => (g.Apply("Tanh", [z * 0.5f]) + 1) * 0.5f,
        ["half a hyperbolic tangent and a half"] = (g, z) => (g.Apply("Tanh", [z / g.Scalar(2)]) * 0.5f) + 0.5f,
        ["half of a hyperbolic tangent, by division"] = (g, z) => (g.Apply("Tanh", [z / g.Scalar(2)]) / g.Scalar(2)) + 0.5f,
        ["half less half a hyperbolic tangent of the negative"] = (g, z) => g.Scalar(0.5f) - (g.Apply("Tanh", [z * -0.5f]) / g.Scalar(2)),
        ["hyperbolic tangent in per cent"] = (g, z) => (g.Apply("Tanh", [z * 0.5f]) * 50) + 50,
        ["logits above zero"] = (g, z) => g.Cast(g.Greater(z, g.Scalar(0)), ElementType.Int64),
        ["sigmoid within limits"] = (g, z) => g.Apply("Clip", [g.Sigmoid(z), g.Scalar(1e-6f), g.Scalar(1 - 1e-6f)]),
        ["sigmoid above a threshold"] = (g, z) => g.Cast(g.Greater(g.Sigmoid(z), g.Scalar(0.5f)), ElementType.Float),
        ["quantised sigmoid"] = (g, z) => Quantised(g, g.Apply("Sigmoid", [z]), 1 / 65535f, ElementType.UInt16),
    };

    public static TheoryData<string> SoftmaxForms => [.. OfSoftmax.Keys];

    public static TheoryData<string> SigmoidForms => [.. OfSigmoid.Keys];

    [Theory, MemberData(nameof(SoftmaxForms))]
    public void Softmax_is_applied_once_in_whatever_form_it_stands(string form)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [OfSoftmax[form](g, z)]).Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    [Theory, MemberData(nameof(SigmoidForms))]
    public void Sigmoid_makes_independent_labels(string form)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [OfSigmoid[form](g, z)]).Write(folder);
        ForeignNetwork.AssertAnswer([.. ForeignNetwork.Logits().Select(Sigmoid)], ForeignNetwork.Answer(path));
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        Assert.True(model.IsMultiLabel);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hyperbolic_tangent_between_0_and_1_is_a_sigmoid_of_twice_the_logits(bool isDivided)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) =>
            [(isDivided ? g.Apply("Tanh", [z]) / g.Scalar(2) : g.Apply("Tanh", [z]) * 0.5f) + 0.5f]).Write(folder);
        ForeignNetwork.AssertAnswer([.. ForeignNetwork.Logits().Select(z => Sigmoid(2 * z))], ForeignNetwork.Answer(path));
    }

    [Fact]
    public void Sigmoid_by_a_hyperbolic_tangent_after_a_temperature_gives_its_exact_logits()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [(g.Apply("Tanh", [(z * 3) * 0.5f]) + 1) / g.Scalar(2)]).Write(folder);
        Assert.DoesNotContain(ModelAdoption.Read(path, ForeignNetwork.Json()).Graph.Nodes, node => node.Op is "Tanh" or "Log");
        ForeignNetwork.AssertAnswer([.. ForeignNetwork.Logits().Select(z => Sigmoid(3 * z))], ForeignNetwork.Answer(path));
    }

    [Theory]
    [InlineData("softplus")]
    [InlineData("prior")]
    [InlineData("squares")]
    [InlineData("rounded softmax")]
    public void Numbers_that_are_not_negative_and_add_up_to_one_are_probabilities(string form)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) =>
        {
            var parts = form switch
            {
                "softplus" => g.Apply("Softplus", [z]) + 1,
                "prior" => g.Softmax(z) * g.Constant(Tensor.Of(new Shape(4), 0.5f, 1, 2, 0.3f)),
                "squares" => z * z,
                _ => g.Softmax(z),
            };
            return form == "rounded softmax"
                ? [g.Apply("Round", [parts * 1000]) / g.Scalar(1000)]
                : [parts / g.ReduceSum(parts, [1], keep: true)];
        }).Write(folder);
        UnmodifiedFile.AssertSameAnswer(path);
    }

    [Theory]
    [InlineData("divided by their sum")]
    [InlineData("cut to 0 and 1")]
    public void Numbers_that_may_be_probabilities_need_the_activation(string form)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [form == "cut to 0 and 1"
            ? g.Apply("Clip", [z, g.Scalar(0), g.Scalar(1)])
            : z / g.ReduceSum(z, [1], keep: true)]).Write(folder);
        Assert.Contains("\"activation\"", Needs(path, ForeignNetwork.Json()), StringComparison.Ordinal);
    }

    [Fact]
    public void Probabilities_that_were_quantised_stay_as_they_are_although_they_do_not_add_up_to_one()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [Quantised(g, g.Softmax(z), 0.07f, ElementType.UInt8)]).Write(folder);
        double[] expected = [.. ForeignNetwork.Softmax().Select(p => Math.Round(p / 0.07f) * 0.07f)];
        Assert.NotEqual(1, expected.Sum(), 0.005);
        ForeignNetwork.AssertAnswer(expected, ForeignNetwork.Answer(path));
    }

    [Fact]
    public void One_sigmoid_with_two_labels_is_the_probability_of_the_second()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Apply("Sigmoid", [z])], classes: 1).Write(folder);
        double second = Sigmoid(ForeignNetwork.Logits()[0]);
        ForeignNetwork.AssertAnswer([1 - second, second], ForeignNetwork.Answer(path, ForeignNetwork.Json(["ant", "bee"])));
        using var model = Classifier.Load(path, ForeignNetwork.Json(["ant", "bee"]));
        Assert.False(model.IsMultiLabel);
    }

    [Fact]
    public void One_sigmoid_with_one_label_is_multi_label()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Apply("Sigmoid", [z])], classes: 1).Write(folder);
        ForeignNetwork.AssertAnswer([Sigmoid(ForeignNetwork.Logits()[0])], ForeignNetwork.Answer(path, ForeignNetwork.Json(["ant"])));
    }

    [Theory]
    [InlineData(Activation.None)]
    [InlineData(Activation.Sigmoid)]
    public void One_output_without_an_activation_is_read_as_model_json_says(Activation activation)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [z * 0.01f + 0.5f], classes: 1).Write(folder);
        double output = (ForeignNetwork.Logits()[0] * 0.01) + 0.5, second = activation == Activation.None ? output : Sigmoid(output);
        ForeignNetwork.AssertAnswer([1 - second, second], ForeignNetwork.Answer(path, ForeignNetwork.Json(["ant", "bee"], activation)));
        Assert.Contains("\"activation\"", Needs(path, ForeignNetwork.Json(["ant", "bee"])), StringComparison.Ordinal);
    }

    [Fact]
    public void One_sigmoid_without_labels_needs_them()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Apply("Sigmoid", [z])], classes: 1).Write(folder);
        Assert.Contains("\"labels\"", Needs(path, ForeignNetwork.Json() with { Labels = null }), StringComparison.Ordinal);
    }

    [Fact]
    public void Activation_in_model_json_replaces_what_is_assumed_of_logits()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder);
        double[] expected = [.. ForeignNetwork.Logits().Select(Sigmoid)];
        ForeignNetwork.AssertAnswer(expected, ForeignNetwork.Answer(path, ForeignNetwork.Json(activation: Activation.Sigmoid)));
    }

    [Theory, MemberData(nameof(SoftmaxForms)), MemberData(nameof(SigmoidForms))]
    public void Head_is_found_before_every_form(string form)
    {
        using var folder = new TemporaryFolder();
        var activation = OfSoftmax.GetValueOrDefault(form) ?? OfSigmoid[form];
        var path = ForeignNetwork.Build((g, z) => [activation(g, z / g.Scalar(1.5f))]).Write(folder);
        var head = ClassifierHead.Find(Dequantization.Of(ModelAdoption.Read(path, ForeignNetwork.Json()).Graph));
        Assert.Equal((4, ForeignNetwork.Filters), (head.Classes, head.FeatureCount));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Head_of_one_output_is_found(int labels)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Apply("Sigmoid", [z])], classes: 1).Write(folder);
        var adopted = ModelAdoption.Read(path, ForeignNetwork.Json(ForeignNetwork.Labels[..labels]));
        Assert.Equal(ForeignNetwork.Filters, ClassifierHead.Find(adopted.Graph).FeatureCount);
    }

    [Fact]
    public void Softmax_over_the_batch_is_refused()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Softmax(z, axis: 0)]).Write(folder);
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path));
        Assert.Contains("expected the axis of the classes", error.Message, StringComparison.Ordinal);
    }

    private static string Needs(string path, ModelMetadata json) => string.Join(' ', ModelAdoption.Read(path, json).Findings.Needs);

    private static double Sigmoid(float logit) => Sigmoid((double)logit);

    private static double Sigmoid(double logit) => 1 / (1 + Math.Exp(-logit));

    private static Value Quantised(Graph g, Value x, float scale, ElementType type)
    {
        Value Zero() => g.Constant(new Tensor(type, Shape.Scalar, new byte[type.SizeOf()]));
        g.OperatorSets[""] = type == ElementType.UInt16 ? 21 : Graph.Opset;
        var quantised = g.Apply("QuantizeLinear", [x, g.Scalar(scale), Zero()]);
        return g.Apply("DequantizeLinear", [quantised, g.Scalar(scale), Zero()]);
    }
}
