using Fovea.Models.Architectures;
using Fovea.Models.Explanations;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Explanations;

[Trait("Needs", "services")]
public sealed class TorchGradCamTests(TorchGradCam torch) : IClassFixture<TorchGradCam>
{
    [Theory]
    [InlineData("lenet5", 28)]
    [InlineData("alexnet", 163)]
    [InlineData("googlenet", 128)]
    [InlineData("vgg16", 128)]
    [InlineData("resnet34", 128)]
    public void Map_of_a_network_of_the_catalog_equals_PyTorchs(string name, int side)
    {
        using var folder = new TemporaryFolder();
        var architecture = Catalog.Find(name);
        var graph = architecture.Build(classes: 5, new Shape(architecture.Input[0], side, side), seed: 2);
        var random = new SeededRandom(7);
        foreach (var norm in graph.Nodes.Where(node => node.Op == "BatchNormalization"))
        {
            graph.Initializers[norm[2]] = Drawn(ref random, norm[2].Shape, -0.3f, 0.3f);
            graph.Initializers[norm[3]] = Drawn(ref random, norm[3].Shape, -0.3f, 0.3f);
            graph.Initializers[norm[4]] = Drawn(ref random, norm[4].Shape, 0.5f, 1.5f);
        }

        var image = Drawn(ref random, new Shape(1, architecture.Input[0], side, side), -2, 2);
        OnnxFile.Write(graph, folder["model.onnx"]);

        using var model = Classifier.Load(folder["model.onnx"]);
        AssertSame(torch.Explain(name, graph, image), model, image.Floats.ToArray());
    }

    [Theory]
    [InlineData("mobilenet_v3_small", 11, 128)]
    [InlineData("squeezenet1_1", 13, 96)]
    [InlineData("densenet121", 16, 96)]
    public void Map_of_an_adopted_file_equals_PyTorchs(string name, int opset, int side)
    {
        var (file, image, expected) = torch.Export(name, opset, side);
        var json = new ModelMetadata { Labels = ["a", "b", "c", "d", "e"], Preprocessing = new() { Crop = [side, side] } };
        using var model = Classifier.Load(file, json);
        AssertSame(expected, model, image);
    }

    private static void AssertSame(TorchGradCam.Answer expected, Classifier model, float[] image)
    {
        using var explainer = new Explainer(model);
        var found = explainer.Explain(image, new() { Class = expected.Target }, TestContext.Current.CancellationToken);
        Assert.Equal(expected.Map.Length, found.Map.Values.Length);
        Assert.True(found.Map.Values.Length > 4, "The map is too small to show differences.");
        Assert.InRange(Correlation(expected.Map, found.Map.Values), 0.999, 1 + 1e-9);
        float largest = expected.Map.Max();
        Assert.All(expected.Map.Zip(found.Map.Values), pair => Assert.Equal(pair.First / largest, pair.Second, 2e-3f));
        Assert.Equal(ProbabilityRule.Softmax(expected.Logits)[expected.Target], found.Probability, 1e-4);
    }

    private static double Correlation(float[] a, float[] b)
    {
        double meanA = a.Average(), meanB = b.Average();
        double covariance = a.Zip(b, (x, y) => (x - meanA) * (y - meanB)).Sum();
        return covariance / Math.Sqrt(a.Sum(x => (x - meanA) * (x - meanA)) * b.Sum(y => (y - meanB) * (y - meanB)));
    }

    private static Tensor Drawn(ref SeededRandom random, Shape shape, float low, float high)
    {
        var values = new float[shape.Size];
        foreach (ref float value in values.AsSpan())
        {
            value = random.Uniform(low, high);
        }

        return Tensor.Of(shape, values);
    }
}
