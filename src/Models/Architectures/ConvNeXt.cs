using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Models.Architectures;

/// <summary>
/// ConvNeXt-Tiny (Liu et al., 2022). Fovea trains it without stochastic depth, which skips random units for each image. Input
/// [N, 3, 224, 224]; output logits [N, classes].
/// </summary>
internal sealed class ConvNeXt : INetworkFamily
{
    private const float Epsilon = 1e-6f, InitialScale = 1e-6f;

    public static int Year => 2022;

    public static IReadOnlyList<Architecture> Variants { get; } =
    [
        Variant("convnext_tiny", 28_589_128, "convnext_tiny-983f1562.pth", 0.82520, (96, 3), (192, 3), (384, 9), (768, 3)),
    ];

    // file and accuracy belong to torchvision's weights. stages are the channels and the number of units of each stage. Between two stages,
    // a convolution with a stride of 2 halves height and width.
    private static Architecture Variant(
        string name, long parameters, string file, double accuracy, params (int Channels, int Depth)[] stages) =>
        new(
            name,
            "Liu et al., 2022: A ConvNet for the 2020s",
            1000,
            Preprocessing.ImageNet(224) with { Resize = 236 },
            (net, x, classes) => Layers(net, x, classes, stages))
        {
            Parameters = parameters,
            SmallestSide = 32,

            // The optimizer, weight decay and label smoothing of the paper. The paper's learning rate, 4e-3 for a batch of 4096 images, is
            // scaled by the square root of the batch size, as is usual for Adam.
            Recipe = new("adamw", 4e-3 / Math.Sqrt(4096 / 32), 32, WeightDecay: 0.05, LabelSmoothing: 0.1),
            Torchvision = new(name, file, accuracy),
        };

    private static Value Layers(Network net, Value x, int classes, (int Channels, int Depth)[] stages)
    {
        (net.Convolution, net.DenseWeights) = (Initializations.Normal(0.02f), Initializations.Normal(0.02f));
        foreach (var (i, (channels, depth)) in stages.Index())
        {
            x = i == 0 ? Stem(net, x, channels) : Downsampled(net, x, channels, $"downsample{i}", $"features.{2 * i}");
            for (int unit = 0; unit < depth; unit++)
            {
                x = Unit(net.Block($"block{i + 1}").Block($"unit{unit + 1}"), x, $"features.{2 * i + 1}.{unit}");
            }
        }

        x = net.LayerNorm(net.Flatten(net.GlobalAveragePool(x)), "norm", "classifier.0", Epsilon);
        return net.Logits(x, classes, weights: "classifier.2");
    }

    private static Value Stem(Network net, Value x, int channels) =>
        Normalized(net, net.Conv(x, channels, 4, stride: 4, name: "stem", weights: "features.0.0"), "stem_norm", "features.0.1");

    private static Value Downsampled(Network net, Value x, int channels, string name, string weights) =>
        net.Conv(Normalized(net, x, $"{name}_norm", $"{weights}.0"), channels, 2, stride: 2, name: name, weights: $"{weights}.1");

    // A depthwise convolution, and then two dense layers at each position. Between the dense layers there are four times as many channels.
    private static Value Unit(Network net, Value x, string weights)
    {
        int channels = x.Shape[1];
        var y = net.DepthwiseConv(x, 7, padding: 3, name: "depthwise", weights: $"{weights}.block.0");
        y = net.LayerNorm(net.ChannelsLast(y), "norm", $"{weights}.block.2", Epsilon);
        y = net.Dense(y, 4 * channels, weights: $"{weights}.block.3").Gelu();
        y = net.ChannelsFirst(net.Dense(y, channels, weights: $"{weights}.block.5"));
        return net.Add(x, net.Scale(y, InitialScale, weights: $"{weights}.layer_scale"));
    }

    // Layer normalisation over the channels at each position of [N, C, H, W].
    private static Value Normalized(Network net, Value x, string name, string weights) =>
        net.ChannelsFirst(net.LayerNorm(net.ChannelsLast(x), name, weights, Epsilon));
}
