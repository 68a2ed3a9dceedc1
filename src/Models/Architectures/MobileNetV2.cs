using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Models.Architectures;

/// <summary>MobileNetV2 (Sandler et al., 2018). Input [N, 3, 224, 224]; output logits [N, classes].</summary>
internal sealed class MobileNetV2 : INetworkFamily
{
    // The table of the paper: the factor by which a unit expands its channels, the output channels, the number of units, and the stride of
    // the first unit.
    private static readonly (int Expansion, int Channels, int Depth, int Stride)[] Stages =
    [
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ];

    public static int Year => 2018;

    public static IReadOnlyList<Architecture> Variants { get; } =
    [
        new(
            "mobilenetv2",
            "Sandler et al., 2018: MobileNetV2: Inverted residuals and linear bottlenecks",
            1000,
            Preprocessing.ImageNet(224),
            Layers)
        {
            Parameters = 3_504_872,
            SmallestSide = 1,

            // The paper's weight decay. It is small, because a small network needs little regularisation.
            Recipe = Recipe.WithBatchNormalization with { WeightDecay = 4e-5 },
            Torchvision = new("mobilenet_v2", "mobilenet_v2-b0353104.pth", 0.71878),
        },
    ];

    private static Value Layers(Network net, Value x, int classes)
    {
        (net.Convolution, net.DenseWeights) = (Initializations.HeNormal, Initializations.Normal(0.01f));
        x = Activated(net, net.Conv(x, 32, 3, stride: 2, padding: 1, bias: false, "conv1", "features.0.0"), "bn1", "features.0.1");
        int index = 1;
        foreach (var (stage, (expansion, channels, depth, stride)) in Stages.Index())
        {
            for (int unit = 0; unit < depth; unit++, index++)
            {
                var block = net.Block($"block{stage + 1}").Block($"unit{unit + 1}");
                x = InvertedResidual(block, x, expansion, channels, unit == 0 ? stride : 1, $"features.{index}.conv");
            }
        }

        x = net.Conv(x, 1280, 1, bias: false, name: "conv2", weights: $"features.{index}.0");
        x = net.GlobalAveragePool(Activated(net, x, "bn2", $"features.{index}.1"));
        return net.Logits(net.Dropout(net.Flatten(x), 0.2f), classes, weights: "classifier.1");
    }

    // Expands the channels, convolves each channel separately, and projects the channels without an activation. A unit whose output has the
    // shape of its input has a shortcut.
    private static Value InvertedResidual(Network net, Value x, int expansion, int channels, int stride, string weights)
    {
        var y = x;
        int layer = 0;
        if (expansion > 1)
        {
            y = net.Conv(y, x.Shape[1] * expansion, 1, bias: false, name: "expand", weights: $"{weights}.0.0");
            y = Activated(net, y, "expand_bn", $"{weights}.{layer++}.1");
        }

        y = net.DepthwiseConv(y, 3, stride, padding: 1, bias: false, "depthwise", $"{weights}.{layer}.0");
        y = Activated(net, y, "depthwise_bn", $"{weights}.{layer++}.1");
        y = net.Conv(y, channels, 1, bias: false, name: "project", weights: $"{weights}.{layer++}");
        y = net.BatchNorm(y, "project_bn", $"{weights}.{layer}");
        return stride == 1 && x.Shape[1] == channels ? net.Add(x, y) : y;
    }

    private static Value Activated(Network net, Value x, string norm, string weights) => net.BatchNorm(x, norm, weights).Relu6();
}
