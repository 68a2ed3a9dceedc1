using System.Text.RegularExpressions;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Models.Architectures;

/// <summary>DenseNet-BC (Huang, Liu, van der Maaten and Weinberger, 2016). Input [N, 3, 224, 224]; output logits [N, classes].</summary>
internal sealed partial class DenseNet : INetworkFamily
{
    // Growth is the number of channels that each layer adds (k in the paper). Bottleneck is the number of channels of the 1x1 convolution
    // before it.
    private const int Growth = 32, Bottleneck = 4 * Growth;

    public static int Year => 2016;

    public static IReadOnlyList<Architecture> Variants { get; } =
    [
        Variant("densenet121", 7_978_856, "densenet121-a639ec97.pth", 0.74434, 6, 12, 24, 16),
    ];

    // file and accuracy belong to torchvision's weights. depths are the numbers of layers in the four dense blocks. Between two blocks, a
    // transition halves the channels, height and width.
    private static Architecture Variant(string name, long parameters, string file, double accuracy, params int[] depths) =>
        new(
            name,
            "Huang, Liu, van der Maaten and Weinberger, 2016: Densely connected convolutional networks",
            1000,
            Preprocessing.ImageNet(224),
            (net, x, classes) => Layers(net, x, classes, depths))
        {
            Parameters = parameters,
            SmallestSide = 29,
            Recipe = Recipe.WithBatchNormalization,
            Torchvision = new(name, file, accuracy) { Renamed = published => OldName().Replace(published, "$1$2") },
        };

    private static Value Layers(Network net, Value x, int classes, int[] depths)
    {
        // Initial weights with the same variance as in torchvision, 2 / fan-in.
        (net.Convolution, net.DenseWeights) = (Initializations.HeUniform, Initializations.TorchDefault);
        x = net.Conv(x, 2 * Growth, 7, stride: 2, padding: 3, bias: false, "conv0", "features.conv0");
        x = net.MaxPool(net.Relu(net.BatchNorm(x, "norm0", "features.norm0")), 3, 2, padding: 1);
        foreach (var (i, depth) in depths.Index())
        {
            x = i == 0 ? x : Transition(net.Block($"transition{i}"), x, $"features.transition{i}");
            for (int layer = 1; layer <= depth; layer++)
            {
                var block = net.Block($"denseblock{i + 1}").Block($"layer{layer}");
                x = block.Concat(x, Added(block, x, $"features.denseblock{i + 1}.denselayer{layer}"));
            }
        }

        x = net.GlobalAveragePool(net.Relu(net.BatchNorm(x, "norm5", "features.norm5")));
        return net.Logits(net.Flatten(x), classes, weights: "classifier");
    }

    // Computes the channels that one layer of a dense block adds.
    private static Value Added(Network net, Value x, string weights)
    {
        x = net.Relu(net.BatchNorm(x, "norm1", $"{weights}.norm1"));
        x = net.Conv(x, Bottleneck, 1, bias: false, name: "conv1", weights: $"{weights}.conv1");
        x = net.Relu(net.BatchNorm(x, "norm2", $"{weights}.norm2"));
        return net.Conv(x, Growth, 3, padding: 1, bias: false, name: "conv2", weights: $"{weights}.conv2");
    }

    private static Value Transition(Network net, Value x, string weights)
    {
        x = net.Relu(net.BatchNorm(x, "norm", $"{weights}.norm"));
        x = net.Conv(x, x.Shape[1] / 2, 1, bias: false, name: "conv", weights: $"{weights}.conv");
        return net.AveragePool(x, 2, 2, "pool");
    }

    // The published file has the names of an early version of PyTorch: denselayer1.norm.1.weight instead of denselayer1.norm1.weight.
    [GeneratedRegex(@"(\.denselayer[0-9]+\.(?:norm|conv))\.([12]\.)")]
    private static partial Regex OldName();
}
