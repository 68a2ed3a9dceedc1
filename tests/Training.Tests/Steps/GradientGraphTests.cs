using Fovea.Models.Architectures;
using Fovea.Models.Runtime;
using Fovea.Training.Steps;

namespace Fovea.Training.Tests.Steps;

public class GradientGraphTests
{
    [Fact]
    public void The_gradient_of_the_images_is_not_computed()
    {
        // lenet5 has two convolutions. Only the second needs the gradient of its input; computing the first one's would cost a third of the
        // layer's time.
        var graph = new GradientGraph(Catalog.Find("lenet5").Build(), batchSize: 2).Graph;
        Assert.Equal(1, graph.Nodes.Count(node => node.Op == "ConvTranspose"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Forms_depend_on_the_device(bool cuda)
    {
        var network = Catalog.Find("resnet18").Build(input: new(3, 64, 64), stem: Stem.ImageNet);
        var nodes = new GradientGraph(network, batchSize: 2, cuda: cuda).Graph.Nodes;
        Assert.Equal(!cuda && ChannelBlock.Size > 1, nodes.Any(node => node.Domain.EndsWith("nchwc", StringComparison.Ordinal)));
        Assert.Equal(!cuda, nodes.Any(node => node is { Op: "BatchNormalization" }));
    }
}
