using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Heads;

public class ProbabilityHeadTests
{
    private const int Channels = 4, Images = 3;

    private static readonly Shape Image = new(3, 6, 6);

    [Theory]
    [InlineData("Gemm")]
    [InlineData("Gemm, then Softmax")]
    [InlineData("MatMul and Add")]
    public void New_head_reads_the_features_and_the_roots_of_the_probabilities(string form)
    {
        var network = Build(form, classes: 120);
        var head = ClassifierHead.Find(network);
        var both = head.WithProbabilities(Image, 8)!;
        Assert.Equal((Channels + 120, 0), (both.FeatureCount, both.Classes));
        Assert.Contains("reads the probabilities that fc (", both.Description, StringComparison.Ordinal);

        var images = HeadForms.Numbers(new Shape(Images, 3, 6, 6)).Floats.ToArray();
        float[] features = Run(head.Backbone(Image), images), scores = Run(network, images), rows = Run(both.Backbone(Image), images);
        for (int i = 0; i < Images; i++)
        {
            var row = rows[(i * both.FeatureCount)..((i + 1) * both.FeatureCount)];
            var exponentials = scores[(i * 120)..((i + 1) * 120)].Select(score => form.EndsWith("Softmax", StringComparison.Ordinal)
                ? score
                : Math.Exp(score)).ToArray();
            var expected = features[(i * Channels)..((i + 1) * Channels)].Select(feature => (double)feature)
                .Concat(exponentials.Select(e => 8 * Math.Sqrt(e / exponentials.Sum())));
            Assert.All(expected.Zip(row), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        }
    }

    [Theory]
    [InlineData("Gemm", 99)]
    [InlineData("Gemm, then Sigmoid", 120)]
    [InlineData("Gemm, times 30", 120)]
    [InlineData("Conv of the mean", 120)]
    public void Few_classes_independent_labels_and_other_forms_have_no_probabilities_to_read(string form, int classes) =>
        Assert.Null(ClassifierHead.Find(Build(form, classes)).WithProbabilities(Image, 1));

    [Fact]
    public void Head_that_reads_probabilities_gives_no_further_ones()
    {
        var both = ClassifierHead.Find(Build("Gemm", 120)).WithProbabilities(Image, 1)!;
        var again = ClassifierHead.Find(
            both.Replaced(Image, HeadForms.Numbers(new Shape(100, both.FeatureCount)), HeadForms.Numbers(new Shape(100))));
        Assert.Equal((both.FeatureCount, Channels), (again.FeatureCount, again.ImageFeatureCount));
        Assert.Null(again.WithProbabilities(Image, 1));
    }

    [Fact]
    public void Network_without_classes_has_no_probabilities_to_read()
    {
        var network = Build("Gemm", 120);
        network.Outputs[0] = network.Outputs[0].Producer![0]!;
        Assert.Null(ClassifierHead.At(network).WithProbabilities(Image, 1));
    }

    private static Graph Build(string form, int classes)
    {
        var g = new Graph("small");
        var x = g.Input("data", ElementType.Float, new Shape(Shape.Free, 3, 6, 6));
        var map = g.Relu(g.Conv(x, Numbers("conv.weight", Channels, 3, 3, 3)));
        var mean = g.Apply("GlobalAveragePool", [map]);
        g.Output(form switch
        {
            "Gemm" => Gemm(),
            "Gemm, then Softmax" => g.Apply("Softmax", [Gemm()]),
            "Gemm, times 30" => Gemm() * 30,
            "Gemm, then Sigmoid" => g.Apply("Sigmoid", [Gemm()]),
            "MatMul and Add" => g.Add("MatMul", [g.Flatten(mean), Numbers("fc.weight", Channels, classes)], name: "fc").Output + Bias(),
            _ => g.Flatten(Conv(mean)),
        });
        return g;

        Value Gemm() => g.Gemm(g.Flatten(mean), Numbers("fc.weight", classes, Channels), Bias(), transB: true, name: "fc");
        Value Conv(Value features) => g.Conv(features, Numbers("fc.weight", classes, Channels, 1, 1), Bias(), name: "fc");
        Value Bias() => Numbers("fc.bias", classes);
        Value Numbers(string name, params int[] shape) => g.Initializer(name, HeadForms.Numbers(new Shape(shape)));
    }

    private static float[] Run(Graph graph, float[] images)
    {
        using var session = Sessions.Open(graph);
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(images, [Images, 3, 6, 6]);
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
