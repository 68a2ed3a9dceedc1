using System.Runtime.InteropServices;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Heads;

public class ClassifierHeadTests
{
    private static readonly Shape Image = new(3, 6, 6);

    public static TheoryData<string> Forms => new(HeadForms.All.Keys);

    [Theory, MemberData(nameof(Forms))]
    public void Head_is_found_and_a_new_head_reads_the_same_features(string form)
    {
        var network = HeadForms.Build(form);
        var head = ClassifierHead.Find(network);
        Assert.Equal(5, head.Classes);
        Assert.Contains("the classifier is fc (", head.Description, StringComparison.Ordinal);
        Assert.Contains($", {head.FeatureCount} -> 5", head.Description, StringComparison.Ordinal);

        Tensor weights = HeadForms.Numbers(new Shape(2, head.FeatureCount)), bias = HeadForms.Numbers(new Shape(2));
        var replaced = head.Replaced(Image, weights, bias);
        Assert.Equal(["input Float[N, 3, 6, 6]"], replaced.Inputs.Select(i => i.ToString()));
        Assert.Equal(["logits Float[N, 2]"], replaced.Outputs.Select(o => o.ToString()));

        var images = HeadForms.Numbers(new Shape(3, 3, 6, 6)).Floats.ToArray();
        float[] features = Run(head.Backbone(Image), images, 3), logits = Run(replaced, images, 3);
        for (int i = 0; i < logits.Length; i++)
        {
            int f = head.FeatureCount, c = i % 2;
            float expected = bias.Floats[c] + Enumerable.Range(0, f).Sum(k => weights.Floats[c * f + k] * features[i / 2 * f + k]);
            Assert.Equal(expected, logits[i], 1e-4f);
        }
    }

    [Theory, MemberData(nameof(Forms))]
    public void Fixed_batch_size_becomes_free(string form)
    {
        var images = HeadForms.Numbers(new Shape(3, 3, 6, 6)).Floats.ToArray();
        Graph free = HeadForms.Build(form), single = HeadForms.Build(form, batch: 1);
        Assert.Equal(
            Run(ClassifierHead.Find(free).Backbone(Image), images, 3), Run(ClassifierHead.Find(single).Backbone(Image), images, 3));
    }

    [Fact]
    public void Channels_last_and_half_precision_become_channels_first_and_floats()
    {
        var g = new Graph("tensorflow");
        var x = g.Input("input_1", ElementType.Float16, new Shape(1, 6, 6, 3));
        var map = g.Conv(g.Transpose(x, 0, 3, 1, 2), g.Initializer("logits", Halves(new Shape(4, 3, 1, 1))));
        var mean = g.Reshape(g.Apply("GlobalAveragePool", [map]), new Shape(1, 4));
        g.Output(g.Apply("Softmax", [g.MatMul(mean, g.Initializer("dense", Halves(new Shape(4, 5))))]));

        var backbone = ClassifierHead.Find(g).Backbone(Image);
        Assert.Equal("input Float[N, 3, 6, 6]", backbone.Inputs[0].ToString());
        var images = HeadForms.Numbers(new Shape(6, 3, 6, 6)).Floats.ToArray();
        var features = Run(backbone, images, 6);
        for (int i = 0; i < features.Length; i++)
        {
            var means = Enumerable.Range(0, 3).Select(c => images.AsSpan((i / 4 * 3 + c) * 36, 36).ToArray().Average());
            Assert.Equal(
                means.Zip(HalvesOf(new Shape(4, 3, 1, 1))[(i % 4 * 3)..]).Sum(pair => pair.First * (float)pair.Second), features[i], 1e-5f);
        }
    }

    public static TheoryData<string, string> Refusals => new()
    {
        { "an input of features", "are data Float[N, 48]; expected one batch of images" },
        { "an output that convolutions compute", "has weights [5, 4, 1, 1] and an output of [N, 5, 6, 6]" },
        { "a product of features", "is computed from mul_" },
        { "nothing but shapes", "no layer computes data" },
        { "no output", "it has no output" },
        { "a layer of many rows", "has weights [6, 5] for features [N, 3, 6, 6]" },
    };

    [Theory, MemberData(nameof(Refusals))]
    public void Network_without_a_head_is_refused_with_the_reason(string network, string reason)
    {
        var g = new Graph("strange");
        var x = g.Input(
            "data", ElementType.Float, network == "an input of features" ? new Shape(Shape.Free, 48) : new Shape(Shape.Free, 3, 6, 6));
        if (network != "no output")
        {
            g.Output(network switch
            {
                "an output that convolutions compute" => g.Flatten(g.Conv(g.Conv(x, Weight(4, 3, 1, 1)), Weight(5, 4, 1, 1))),
                "a product of features" => g.Flatten(x * g.Relu(x)),
                "a layer of many rows" => g.MatMul(x, Weight(6, 5)),
                _ => g.Flatten(x),
            });
        }

        var refused = Assert.Throws<FoveaException>(() => ClassifierHead.Find(g));
        Assert.Equal(ErrorCode.BadModelFile, refused.Code);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);

        Value Weight(params int[] shape) => g.Initializer($"weight_{shape.Length}_{shape[0]}", HeadForms.Numbers(new Shape(shape)));
    }

    private static Half[] HalvesOf(Shape shape) => Array.ConvertAll(HeadForms.Numbers(shape).Floats.ToArray(), value => (Half)value);

    private static Tensor Halves(Shape shape) => new(ElementType.Float16, shape, MemoryMarshal.AsBytes<Half>(HalvesOf(shape)).ToArray());

    private static float[] Run(Graph graph, float[] images, int count)
    {
        using var session = Sessions.Open(graph);
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(images, [count, 3, 6, 6]);
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
