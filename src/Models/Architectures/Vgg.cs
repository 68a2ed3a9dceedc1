using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Models.Architectures;

/// <summary>VGG (Simonyan and Zisserman, 2014). Input [N, 3, 224, 224]; output logits [N, classes].</summary>
internal sealed class Vgg : INetworkFamily
{
    private static readonly int[] Channels = [64, 128, 256, 512, 512];

    public static int Year => 2014;

    public static IReadOnlyList<Architecture> Variants { get; } =
    [
        Variant("vgg11", 132_863_336, "vgg11-8a719046.pth", 0.69020, 1, 1, 2, 2, 2),
        Variant("vgg13", 133_047_848, "vgg13-19584684.pth", 0.69928, 2, 2, 2, 2, 2),
        Variant("vgg16", 138_357_544, "vgg16-397923af.pth", 0.71592, 2, 2, 3, 3, 3),
        Variant("vgg19", 143_667_240, "vgg19-dcbb9e9d.pth", 0.72376, 2, 2, 4, 4, 4),
    ];

    private const string Paper = "Simonyan and Zisserman, 2014: Very deep convolutional networks for large-scale image recognition";

    // weights and accuracy belong to torchvision's file. depths are the numbers of 3x3 convolutions in the blocks; a 2x2 max-pool ends each
    // block. The numbers in the published names of weights count all layers, including ReLU and pools.
    private static Architecture Variant(string name, long parameters, string weights, double accuracy, params int[] depths) =>
        new(name, Paper, 1000, Preprocessing.ImageNet(224), (net, x, classes) =>
        {
            (net.Convolution, net.DenseWeights) = (Initializations.HeNormal, Initializations.Normal(0.01f));
            int index = 0;
            foreach (var (i, (depth, channels)) in depths.Zip(Channels).Index())
            {
                var block = net.Block($"block{i + 1}");
                for (int layer = 0; layer < depth; layer++, index += 2)
                {
                    x = block.Relu(block.Conv(x, channels, kernel: 3, padding: 1, weights: $"features.{index}"));
                }

                x = block.MaxPool(x, 2, 2);
                index++;
            }

            var dense = net.Block("classifier");
            x = dense.Flatten(x);
            x = dense.Dropout(dense.Relu(dense.Dense(x, 4096, weights: "classifier.0")), 0.5f);
            x = dense.Dropout(dense.Relu(dense.Dense(x, 4096, weights: "classifier.3")), 0.5f);
            return dense.Logits(x, classes, weights: "classifier.6");
        })
        {
            Parameters = parameters,
            SmallestSide = 32,
            Torchvision = new(name, weights, accuracy),
        };
}
