using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Summary;

namespace Fovea.Models.Tests.Summary;

/// <summary>Numbers of parameters, shapes and receptive fields, computed by hand from the tables of the papers.</summary>
public class PaperTests
{
    [Theory]
    [InlineData("vgg16", 1, "block1 37568, block2 221440, block3 1475328, block4 5899776, block5 7079424, classifier 123642856")]
    [InlineData("resnet34", 3, "conv1 9408, bn1 256, block1 222720, block2 1118720")]
    [InlineData("googlenet", 3, "inception_3a 163696")]
    public void Row_has_the_number_of_parameters_of_its_layers(string name, int channels, string rows)
    {
        var architecture = Catalog.Find(name);
        var layers = NetworkSummary.Of(architecture.Build(input: architecture.Input.With(0, channels))).Layers;

        Assert.All(rows.Split(", "), row => Assert.Contains(row, layers.Select(layer => $"{layer.Name} {layer.Parameters}")));
    }

    [Theory]
    [InlineData("googlenet", true, 13_378_280)]
    [InlineData("googlenet", false, 6_998_552)]
    [InlineData("resnet34", false, 21_814_696)]
    public void Network_has_the_total_number_of_parameters(string name, bool auxiliary, long total) =>
        Assert.Equal(total, NetworkSummary.Of(Catalog.Find(name).Build(auxiliary: auxiliary)).TotalParameters);

    [Theory]
    [InlineData("alexnet", "conv1 [96, 55, 55] 11, conv2 [256, 27, 27] 51, conv3 [384, 13, 13] 99")]
    [InlineData("alexnet", "conv4 [384, 13, 13] 131, conv5 [256, 13, 13] 163")]
    [InlineData("resnet18", "conv1 [64, 112, 112] 7, pool1 [64, 56, 56] 11, block1 [64, 56, 56] 43, block4 [512, 7, 7] 435")]
    [InlineData("vgg16", "block1 [64, 112, 112] 6, block5 [512, 7, 7] 212")]
    public void Layer_has_the_shape_and_receptive_field_of_the_paper(string name, string rows)
    {
        var layers = NetworkSummary.Of(Catalog.Find(name).Build()).Layers.Where(layer => layer.OutputShape is not null);

        var lines = layers.Select(layer => $"{layer.Name} [{string.Join(", ", layer.OutputShape!)}] {layer.ReceptiveField}").ToArray();
        Assert.All(Rows(rows), row => Assert.Contains(row, lines));
    }

    [Theory]
    [InlineData("googlenet")]
    [InlineData("resnet50")]
    [InlineData("vgg11")]
    public void Block_has_the_activations_of_its_layers(string name)
    {
        var graph = Catalog.Find(name).Build();

        Assert.Equal(NetworkSummary.Of(graph, expand: true).ActivationBytes, NetworkSummary.Of(graph).ActivationBytes);
        Assert.Equal(NetworkSummary.Of(graph).TotalParameters * 4, NetworkSummary.Of(graph).WeightBytes);
    }

    private static IEnumerable<string> Rows(string text) =>
        System.Text.RegularExpressions.Regex.Matches(text, @"\w+ \[[^]]+\] \d+").Select(match => match.Value);
}
