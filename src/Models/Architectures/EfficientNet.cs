using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Models.Architectures;

/// <summary>
/// EfficientNet-B0 (Tan and Le, 2019). Fovea trains it with the dropout before the classifier, but without stochastic depth, which skips
/// random units for each image. Input [N, 3, 224, 224]; output logits [N, classes].
/// </summary>
internal sealed class EfficientNet : INetworkFamily
{
    // The table of the paper: the factor by which a unit expands its channels, the depthwise kernel, the output channels, the number of
    // units, and the stride of the first unit.
    private static readonly (int Expansion, int Kernel, int Channels, int Depth, int Stride)[] Stages =
    [
        (1, 3, 16, 1, 1), (6, 3, 24, 2, 2), (6, 5, 40, 2, 2), (6, 3, 80, 3, 2), (6, 5, 112, 3, 1), (6, 5, 192, 4, 2), (6, 3, 320, 1, 1),
    ];

    public static int Year => 2019;

    public static IReadOnlyList<Architecture> Variants { get; } =
    [
        new(
            "efficientnet_b0",
            "Tan and Le, 2019: EfficientNet: Rethinking model scaling for convolutional neural networks",
            1000,
            Preprocessing.ImageNet(224),
            Layers)
        {
            Parameters = 5_288_548,
            SmallestSide = 1,

            // The weight decay and label smoothing of the paper.
            Recipe = Recipe.WithBatchNormalization with { WeightDecay = 1e-5 },
            Torchvision = new("efficientnet_b0", "efficientnet_b0_rwightman-7f5810bc.pth", 0.77692),
        },
    ];

    private static Value Layers(Network net, Value x, int classes)
    {
        // In torchvision, the initial weights of the classifier are within +-1 / sqrt(classes). PyTorch's default limit, 1 / sqrt(fan-in),
        // is close to it for 1000 classes and also suits other numbers of classes.
        (net.Convolution, net.DenseWeights) = (Initializations.HeNormal, Initializations.TorchDefault);
        x = net.Conv(x, 32, 3, stride: 2, padding: 1, bias: false, "conv1", "features.0.0");
        x = net.BatchNorm(x, "bn1", "features.0.1").Silu();
        foreach (var (i, (expansion, kernel, channels, depth, stride)) in Stages.Index())
        {
            for (int unit = 0; unit < depth; unit++)
            {
                var block = net.Block($"block{i + 1}").Block($"unit{unit + 1}");
                x = Unit(block, x, expansion, kernel, channels, unit == 0 ? stride : 1, $"features.{i + 1}.{unit}.block");
            }
        }

        x = net.Conv(x, 1280, 1, bias: false, name: "conv2", weights: "features.8.0");
        x = net.GlobalAveragePool(net.BatchNorm(x, "bn2", "features.8.1").Silu());
        return net.Logits(net.Dropout(net.Flatten(x), 0.2f), classes, weights: "classifier.1");
    }

    // Expands the channels, convolves each channel separately, weights the channels by squeeze and excitation, and projects them without an
    // activation. A unit whose output has the shape of its input has a shortcut.
    private static Value Unit(Network net, Value x, int expansion, int kernel, int channels, int stride, string weights)
    {
        var y = x;
        int layer = 0;
        if (expansion > 1)
        {
            y = net.Conv(y, x.Shape[1] * expansion, 1, bias: false, name: "expand", weights: $"{weights}.0.0");
            y = net.BatchNorm(y, "expand_bn", $"{weights}.{layer++}.1").Silu();
        }

        y = net.DepthwiseConv(y, kernel, stride, kernel / 2, bias: false, "depthwise", $"{weights}.{layer}.0");
        y = net.BatchNorm(y, "depthwise_bn", $"{weights}.{layer++}.1").Silu();
        y = SqueezeAndExcitation(net, y, x.Shape[1] / 4, $"{weights}.{layer++}");
        y = net.Conv(y, channels, 1, bias: false, name: "project", weights: $"{weights}.{layer}.0");
        y = net.BatchNorm(y, "project_bn", $"{weights}.{layer}.1");
        return stride == 1 && x.Shape[1] == channels ? net.Add(x, y) : y;
    }

    // Multiplies each channel by a factor from 0 to 1. Two layers compute the factors from the means of all channels (Hu et al., 2018).
    private static Value SqueezeAndExcitation(Network net, Value x, int channels, string weights)
    {
        var factors = net.GlobalAveragePool(x, "squeeze");
        factors = net.Conv(factors, channels, 1, name: "squeeze_fc1", weights: $"{weights}.fc1").Silu();
        factors = net.Conv(factors, x.Shape[1], 1, name: "squeeze_fc2", weights: $"{weights}.fc2").Sigmoid();
        return net.Multiply(x, factors);
    }
}
