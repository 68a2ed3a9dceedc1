using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Models.Architectures;

/// <summary>
/// SqueezeNet 1.1 (Iandola et al., 2016). Version 1.1 is the authors' later version, which has the same accuracy with 2.4 times fewer
/// multiplications. Input [N, 3, 224, 224]; output logits [N, classes].
/// </summary>
internal sealed class SqueezeNet : INetworkFamily
{
    // The channels of each fire module: of the squeezing 1x1 convolution, and of each of the two expanding convolutions. A max-pool comes
    // before each stage.
    private static readonly (int Squeeze, int Expand)[][] Stages =
    [
        [(16, 64), (16, 64)],
        [(32, 128), (32, 128)],
        [(48, 192), (48, 192), (64, 256), (64, 256)],
    ];

    public static int Year => 2016;

    public static IReadOnlyList<Architecture> Variants { get; } =
    [
        new(
            "squeezenet1_1",
            "Iandola et al., 2016: SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size; version 1.1",
            1000,
            Preprocessing.ImageNet(224),
            Layers)
        {
            Parameters = 1_235_496,
            SmallestSide = 25,

            // A quarter of the paper's learning rate, since the batch size here is smaller, and the paper's weight decay.
            Recipe = new("sgd", 1e-2, 32, WeightDecay: 2e-4),
            Torchvision = new("squeezenet1_1", "squeezenet1_1-b8a52dc0.pth", 0.58178),
        },
    ];

    // The numbers in torchvision's names of weights count all layers: convolutions, ReLU, pools and fire modules.
    private static Value Layers(Network net, Value x, int classes)
    {
        x = net.Relu(net.Conv(x, 64, 3, stride: 2, weights: "features.0"));
        int index = 2, number = 2;
        foreach (var stage in Stages)
        {
            x = net.MaxPool(x, 3, 2, ceil: true);
            index++;
            foreach (var (squeeze, expand) in stage)
            {
                x = Fire(net.Block($"fire{number++}"), x, squeeze, expand, $"features.{index++}");
            }
        }

        // The classifier is a convolution whose outputs are averaged over the image. Its initial weights have a narrower distribution.
        net.Convolution = Initializations.Normal(0.01f);
        x = net.Relu(net.Conv(net.Dropout(x, 0.5f), classes, 1, name: "conv10", weights: "classifier.1"));
        return net.Logits(net.GlobalAveragePool(x));
    }

    private static Value Fire(Network net, Value x, int squeeze, int expand, string weights)
    {
        x = net.Relu(net.Conv(x, squeeze, 1, name: "squeeze1x1", weights: $"{weights}.squeeze"));
        return net.Concat(
            net.Relu(net.Conv(x, expand, 1, name: "expand1x1", weights: $"{weights}.expand1x1")),
            net.Relu(net.Conv(x, expand, 3, padding: 1, name: "expand3x3", weights: $"{weights}.expand3x3")));
    }
}
