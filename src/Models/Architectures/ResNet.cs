using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Models.Architectures;

/// <summary>
/// ResNet (He, Zhang, Ren and Sun, 2015). In a bottleneck, the 3x3 convolution has the stride, as in torchvision (ResNet version 1.5); in
/// the paper, the first 1x1 convolution has it. Input [N, 3, 224, 224]; output logits [N, classes]. For small inputs, the first convolution
/// is 3x3 with stride 1, and no pooling follows it.
/// </summary>
internal sealed class ResNet : INetworkFamily
{
    private const int BottleneckExpansion = 4;

    private static readonly int[] Channels = [64, 128, 256, 512];

    // AdamW (Loshchilov and Hutter, 2017) at its usual rate learns small images faster than SGD. After one pass over 9,505 images of
    // CIFAR-10 at 16x16 pixels, 45 % of 495 others were classified correctly, and with SGD 42 %.
    // Static fields get their values in the order of the text, so this one stands before Variants, which uses it.
    private static readonly Recipe SmallImages = new("adamw", 1e-3, 32, WeightDecay: 0.01);

    public static int Year => 2015;

    public static IReadOnlyList<Architecture> Variants { get; } =
    [
        Variant("resnet18", 11_689_512, "resnet18-f37072fd.pth", 0.69758, Basic, 2, 2, 2, 2),
        Variant("resnet34", 21_797_672, "resnet34-b627a593.pth", 0.73314, Basic, 3, 4, 6, 3),
        Variant("resnet50", 25_557_032, "resnet50-0676ba61.pth", 0.76130, Bottleneck, 3, 4, 6, 3),
        Variant("resnet101", 44_549_160, "resnet101-63fe2227.pth", 0.77374, Bottleneck, 3, 4, 23, 3),
        Variant("resnet152", 60_192_808, "resnet152-394f9c45.pth", 0.78312, Bottleneck, 3, 8, 36, 3),
    ];

    private const string Paper = "He, Zhang, Ren and Sun, 2015: Deep residual learning for image recognition";

    // Adds one residual unit with its shortcut. channels is the number of channels of the unit's 3x3 convolutions. stride is the stride of
    // the unit's first 3x3 convolution. weights is the prefix of the published names of the weights.
    private delegate Value Residual(Network net, Value x, int channels, int stride, string weights);

    // file and accuracy belong to torchvision's weights. depths are the numbers of residual units in the four blocks. The first unit of
    // blocks 2 to 4 halves height and width.
    private static Architecture Variant(
        string name, long parameters, string file, double accuracy, Residual residual, params int[] depths)
    {
        return new(name, Paper, 1000, Preprocessing.ImageNet(224), Behind(PaperStem))
        {
            Parameters = parameters,
            SmallestSide = 1,
            Recipe = Recipe.WithBatchNormalization with { ForSmallImages = SmallImages },
            Torchvision = new(name, file, accuracy),
            SmallStemLayers = Behind(SmallStem),
        };

        Func<Network, Value, int, Value> Behind(Func<Network, Value, Value> stem) => (net, x, classes) =>
        {
            net.Convolution = Initializations.HeNormal;
            (net.DenseWeights, net.Bias) = (Initializations.TorchDefault, Initializations.TorchDefault);
            x = stem(net, x);
            foreach (var (i, (depth, channels)) in depths.Zip(Channels).Index())
            {
                for (int unit = 0; unit < depth; unit++)
                {
                    var block = net.Block($"block{i + 1}").Block($"unit{unit + 1}");
                    x = residual(block, x, channels, stride: i > 0 && unit == 0 ? 2 : 1, weights: $"layer{i + 1}.{unit}");
                }
            }

            return net.Logits(net.Flatten(net.GlobalAveragePool(x)), classes, "fc");
        };
    }

    private static Value PaperStem(Network net, Value x) =>
        net.MaxPool(Start(net, net.Conv(x, Channels[0], kernel: 7, stride: 2, padding: 3, bias: false, name: "conv1")), 3, 2, padding: 1);

    // The first layer for small images, as in the paper's networks for CIFAR-10 (section 4.2).
    private static Value SmallStem(Network net, Value x) =>
        Start(net, net.Conv(x, Channels[0], kernel: 3, padding: 1, bias: false, name: "conv1"));

    private static Value Start(Network net, Value x) => net.Relu(net.BatchNorm(x, "bn1"));

    private static Value Basic(Network net, Value x, int channels, int stride, string weights)
    {
        var y = net.Relu(Normalized(net, x, channels, 3, stride, "conv1", "bn1", weights));
        y = Normalized(net, y, channels, 3, 1, "conv2", "bn2", weights);
        return net.Relu(net.Add(y, Shortcut(net, x, channels, stride, weights)));
    }

    private static Value Bottleneck(Network net, Value x, int channels, int stride, string weights)
    {
        var y = net.Relu(Normalized(net, x, channels, 1, 1, "conv1", "bn1", weights));
        y = net.Relu(Normalized(net, y, channels, 3, stride, "conv2", "bn2", weights));
        y = Normalized(net, y, channels * BottleneckExpansion, 1, 1, "conv3", "bn3", weights);
        return net.Relu(net.Add(y, Shortcut(net, x, channels * BottleneckExpansion, stride, weights)));
    }

    // The identity, or a 1x1 convolution if the shape changes (option B of the paper).
    private static Value Shortcut(Network net, Value x, int channels, int stride, string weights) => x.Shape[1] == channels && stride == 1
        ? x
        : Normalized(net, x, channels, 1, stride, "downsample.0", "downsample.1", weights);

    // Adds a convolution without bias and then batch normalisation.
    private static Value Normalized(Network net, Value x, int channels, int kernel, int stride, string conv, string norm, string weights)
    {
        x = net.Conv(x, channels, kernel, stride, padding: kernel / 2, bias: false, conv, $"{weights}.{conv}");
        return net.BatchNorm(x, norm, $"{weights}.{norm}");
    }
}
