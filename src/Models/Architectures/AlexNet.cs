using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Models.Architectures;

/// <summary>
/// AlexNet (Krizhevsky, Sutskever and Hinton, 2012) without its division into two towers, input [N, 3, 227, 227]; and torchvision's
/// AlexNet, which follows the second paper (Krizhevsky, 2014), input [N, 3, 224, 224]. Output logits [N, classes].
/// </summary>
internal sealed class AlexNet : INetworkFamily
{
    // One entry per convolution. Normalized: whether local response normalisation follows the convolution. Pooled: whether a 3x3 max-pool
    // of stride 2 follows.
    private static readonly (int Channels, int Kernel, int Stride, int Padding, bool Normalized, bool Pooled)[]
        Paper =
        [
            (96, 11, 4, 0, true, true),
            (256, 5, 1, 2, true, true),
            (384, 3, 1, 1, false, false),
            (384, 3, 1, 1, false, false),
            (256, 3, 1, 1, false, true),
        ],
        Torchvision =
        [
            (64, 11, 4, 2, false, true),
            (192, 5, 1, 2, false, true),
            (384, 3, 1, 1, false, false),
            (256, 3, 1, 1, false, false),
            (256, 3, 1, 1, false, true),
        ];

    public static int Year => 2012;

    public static IReadOnlyList<Architecture> Variants { get; } =
    [
        new(
            "alexnet",
            "Krizhevsky, Sutskever and Hinton, 2012: ImageNet classification with deep convolutional neural networks",
            1000,
            Preprocessing.ImageNet(227),
            (net, x, classes) => Layers(net, x, classes, Paper))
        {
            Parameters = 62_378_344,
            SmallestSide = 67,
        },
        new(
            "alexnet-torchvision",
            "Krizhevsky, 2014: One weird trick for parallelizing convolutional neural networks; as in torchvision",
            1000,
            Preprocessing.ImageNet(224),
            (net, x, classes) => Layers(net, x, classes, Torchvision))
        {
            Parameters = 61_100_840,
            SmallestSide = 63,
            Torchvision = new("alexnet", "alexnet-owt-7be5be79.pth", 0.56522),
        },
    ];

    private static Value Layers(Network net, Value x, int classes, (int, int, int, int, bool, bool)[] convolutions)
    {
        if (convolutions == Torchvision)
        {
            (net.Convolution, net.DenseWeights) = (Initializations.TorchDefault, Initializations.TorchDefault);
        }

        // The numbers in torchvision's names of weights count all layers: convolutions, ReLU and pools.
        int index = 0;
        foreach (var (channels, kernel, stride, padding, normalized, pooled) in convolutions)
        {
            x = net.Relu(net.Conv(x, channels, kernel, stride, padding, weights: $"features.{index}"));
            x = normalized ? net.Lrn(x, k: 2) : x;
            x = pooled ? net.MaxPool(x, 3, 2) : x;
            index += pooled ? 3 : 2;
        }

        x = net.Flatten(x);
        x = net.Relu(net.Dense(net.Dropout(x, 0.5f), 4096, weights: "classifier.1"));
        x = net.Relu(net.Dense(net.Dropout(x, 0.5f), 4096, weights: "classifier.4"));
        return net.Logits(x, classes, weights: "classifier.6");
    }
}
