using Fovea.Models.Architectures;
using Fovea.Models.Explanations;
using Fovea.Models.Graphs;

namespace Fovea.Models.Tests.Explanations;

public sealed class FeatureMapsTests
{
    public static TheoryData<string> Networks => new(Catalog.Architectures.Select(a => a.Name));

    [Theory, MemberData(nameof(Networks))]
    public void Last_map_is_the_smallest_one_before_the_classifier_and_has_a_gradient(string name)
    {
        var evidence = new ClassEvidence(Catalog.Find(name).Build(), Activation.Softmax, 1);
        var (layer, map) = new FeatureMaps(evidence).Last();
        int expected = name switch
        {
            "lenet5" => 4,
            "alexnet" or "alexnet-torchvision" => 6,
            _ => name.StartsWith("squeezenet", StringComparison.Ordinal) ? 13 : 7,
        };
        Assert.Equal((1, expected, expected), (map.Shape[0], map.Shape[2], map.Shape[3]));
        Assert.NotEmpty(layer);
        Assert.Equal(map.Shape, GradientPath.Of(evidence, map, ExplanationMethod.GradCam).Shape);
    }

    [Theory]
    [InlineData("vgg16", "MaxPool")]
    [InlineData("resnet34", "Relu")]
    [InlineData("googlenet", "Concat")]
    public void Last_map_is_behind_the_last_pool_block_or_module(string name, string op)
    {
        var evidence = new ClassEvidence(Catalog.Find(name).Build(), Activation.Softmax, 1);
        Assert.Equal(op, new FeatureMaps(evidence).Last().Value.Producer!.Op);
    }

    [Fact]
    public void Name_of_a_layer_means_its_last_node()
    {
        var maps = new FeatureMaps(new ClassEvidence(Catalog.Find("resnet34").Build(), Activation.Softmax, 1));
        Assert.Equal(new Shape(1, 256, 14, 14), maps.Named("block3").Value.Shape);
        Assert.Equal(maps.Last().Value, maps.Named("block4").Value);
    }

    [Fact]
    public void Map_with_channels_last_has_its_axes_read_from_the_transpose_before_it()
    {
        var g = new Graph("channels_last");
        var x = g.Input("input", ElementType.Float, new Shape(-1, 3, 8, 6));
        var w = g.Initializer("w", Tensor.Of(new Shape(3, 4), new float[12]));
        var mapped = g.Relu(g.MatMul(g.Transpose(x, 0, 2, 3, 1), w));
        g.Output(g.ReduceMean(mapped, [1, 2]));
        var maps = new FeatureMaps(new ClassEvidence(g, Activation.Softmax, 1));
        var (_, map) = maps.Last();
        var (image, channels) = maps.AxesOf(map);
        Assert.Equal((new Shape(1, 8, 6, 4), 1, 2, 3), (map.Shape, image[0], image[1], channels));
    }
}
