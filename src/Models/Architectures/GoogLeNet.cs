using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Models.Architectures;

/// <summary>
/// GoogLeNet (Szegedy et al., 2014): BVLC's version, and torchvision's version with batch normalisation. Input [N, 3, 224, 224]; output
/// logits [N, classes]. The two auxiliary heads, if built, add two outputs of logits, whose losses have the weight 0.3 in training.
/// </summary>
internal sealed class GoogLeNet : INetworkFamily
{
    // The table of the paper: the channels of the 1x1 convolution; of the 3x3 convolution and the reduction before it; of the 5x5
    // convolution and the reduction before it; and of the projection after the pool. A max-pool comes between two stages.
    private static readonly (string Name, int One, int Reduce3, int Three, int Reduce5, int Five, int Pool)[][] Stages =
    [
        [("3a", 64, 96, 128, 16, 32, 32), ("3b", 128, 128, 192, 32, 96, 64)],
        [
            ("4a", 192, 96, 208, 16, 48, 64), ("4b", 160, 112, 224, 24, 64, 64), ("4c", 128, 128, 256, 24, 64, 64),
            ("4d", 112, 144, 288, 32, 64, 64), ("4e", 256, 160, 320, 32, 128, 128),
        ],
        [("5a", 256, 160, 320, 32, 128, 128), ("5b", 384, 192, 384, 48, 128, 128)],
    ];

    // torchvision's layer transform_input maps the normalised x = (p - mean) / std to x (std / 0.5) + (mean - 0.5) / 0.5. This equals
    // (p - mean) / 0.5 + (mean - 0.5) / 0.5 = (p - 0.5) / 0.5 for any mean and std, so the preprocessing computes it directly.
    private static readonly Preprocessing Centred =
        Preprocessing.ImageNet(224) with { Mean = [0.5f, 0.5f, 0.5f], Std = [0.5f, 0.5f, 0.5f] };

    // The smallest input for which the feature maps before the auxiliary heads have 5x5 positions, the size of the heads' pool.
    private const int AuxiliarySide = 79;

    public static int Year => 2014;

    public static IReadOnlyList<Architecture> Variants { get; } =
    [
        Variant("googlenet", "as BVLC's Caffe model has it", 6_998_552, Preprocessing.ImageNet(224), Bvlc) with
        {
            SmallestSide = 47,

            // The paper states no weight decay; this value is from BVLC's training.
            Recipe = new("sgd", 1e-2, 32, WeightDecay: 2e-4),
        },
        Variant("googlenet-bn", "with batch normalisation, as in torchvision", 6_624_904, Centred, Torchvision) with
        {
            SmallestSide = 31,
            Recipe = Recipe.WithBatchNormalization,
            Torchvision = new("googlenet", "googlenet-1378be20.pth", 0.69778),
        },
    ];

    private static Architecture Variant(
        string name, string version, long parameters, Preprocessing preprocessing, Func<Network, Value, int, Value> layers) =>
        new(name, $"Szegedy et al., 2014: Going deeper with convolutions; {version}", 1000, preprocessing, layers)
        {
            Parameters = parameters,
            SmallestSide = AuxiliarySide,
            SmallestSideWithAuxiliary = AuxiliarySide,
        };

    private static Value Bvlc(Network net, Value x, int classes)
    {
        (net.Convolution, net.DenseWeights) = (Initializations.GlorotUniform, Initializations.GlorotUniform);
        net.Bias = Initializations.Constant(0.2f);
        x = net.Lrn(net.MaxPool(Conv(net, x, 64, 7, "conv1", "conv1/7x7_s2", stride: 2), 3, 2, ceil: true), k: 1);
        x = Conv(net, x, 64, 1, "conv2_reduce", "conv2/3x3_reduce");
        x = net.MaxPool(net.Lrn(Conv(net, x, 192, 3, "conv2", "conv2/3x3"), k: 1), 3, 2, ceil: true);
        x = Inceptions(net, x, fourthPool: 3, fives: 5, Branch, Auxiliary);
        return net.Logits(net.Dropout(net.Flatten(net.GlobalAveragePool(x)), 0.4f), classes, weights: "loss3/classifier");

        static Value Branch((Network Net, string Name) module, Value from, int channels, int kernel, (string Caffe, string Torch) branch) =>
            Conv(module.Net, from, channels, kernel, branch.Caffe, $"inception_{module.Name}/{branch.Caffe}");

        void Auxiliary(Value from, int n)
        {
            var head = net.Block($"aux{n}");
            from = Conv(head, head.AveragePool(from, 5, 3), 128, 1, "conv", $"loss{n}/conv");
            from = head.Dropout(head.Relu(head.Dense(head.Flatten(from), 1024, weights: $"loss{n}/fc")), 0.7f);
            net.AuxiliaryOutput(head.Dense(from, classes, weights: $"loss{n}/classifier"));
        }

        static Value Conv(Network at, Value from, int channels, int kernel, string name, string weights, int stride = 1) =>
            at.Relu(at.Conv(from, channels, kernel, stride, kernel / 2, name: name, weights: weights));
    }

    // torchvision's version has no LRN, 3x3 convolutions instead of the paper's 5x5 convolutions, and a 2x2 pool after the fourth stage.
    private static Value Torchvision(Network net, Value x, int classes)
    {
        (net.Convolution, net.DenseWeights) = (Initializations.TruncatedNormal(0.01f), Initializations.TruncatedNormal(0.01f));
        x = net.MaxPool(Conv(net, x, 64, 7, "conv1", "conv1", stride: 2), 3, 2, ceil: true);
        x = Conv(net, x, 64, 1, "conv2_reduce", "conv2");
        x = net.MaxPool(Conv(net, x, 192, 3, "conv2", "conv3"), 3, 2, ceil: true);
        x = Inceptions(net, x, fourthPool: 2, fives: 3, Branch, Auxiliary);
        return net.Logits(net.Dropout(net.Flatten(net.GlobalAveragePool(x)), 0.2f), classes, weights: "fc");

        static Value Branch((Network Net, string Name) module, Value from, int channels, int kernel, (string Caffe, string Torch) branch) =>
            Conv(module.Net, from, channels, kernel, branch.Caffe, $"inception{module.Name}.{branch.Torch}");

        void Auxiliary(Value from, int n)
        {
            var head = net.Block($"aux{n}");
            from = Conv(head, head.AveragePool(from, 5, 3), 128, 1, "conv", $"aux{n}.conv");
            from = head.Dropout(head.Relu(head.Dense(head.Flatten(from), 1024, weights: $"aux{n}.fc1")), 0.7f);
            net.AuxiliaryOutput(head.Dense(from, classes, weights: $"aux{n}.fc2"));
        }

        static Value Conv(Network at, Value from, int channels, int kernel, string name, string weights, int stride = 1)
        {
            from = at.Conv(from, channels, kernel, stride, kernel / 2, bias: false, name, $"{weights}.conv");
            return at.Relu(at.BatchNorm(from, $"{name}_bn", $"{weights}.bn", epsilon: 1e-3f));
        }
    }

    // Adds all inception modules with the pools between them. fourthPool is the kernel of the pool after the fourth stage. fives is the
    // kernel of the convolution that is 5x5 in the paper. branch adds one convolution of a module. auxiliary adds the auxiliary head 1 or
    // 2.
    private static Value Inceptions(Network net, Value x, int fourthPool, int fives, BranchConvolution branch, Action<Value, int> auxiliary)
    {
        foreach (var (i, stage) in Stages.Index())
        {
            x = i == 0 ? x : net.MaxPool(x, i == 2 ? fourthPool : 3, 2, ceil: true);
            foreach (var m in stage)
            {
                var module = (Net: net.Block($"inception_{m.Name}"), m.Name);
                var pooled = module.Net.MaxPool(x, 3, 1, padding: 1, ceil: true, name: "pool");
                x = module.Net.Concat(
                    branch(module, x, m.One, 1, ("1x1", "branch1")),
                    branch(module, branch(module, x, m.Reduce3, 1, ("3x3_reduce", "branch2.0")), m.Three, 3, ("3x3", "branch2.1")),
                    branch(module, branch(module, x, m.Reduce5, 1, ("5x5_reduce", "branch3.0")), m.Five, fives, ("5x5", "branch3.1")),
                    branch(module, pooled, m.Pool, 1, ("pool_proj", "branch4.1")));
                if (net.Auxiliary && m.Name is ("4a" or "4d"))
                {
                    auxiliary(x, m.Name == "4a" ? 1 : 2);
                }
            }
        }

        return x;
    }

    private delegate Value BranchConvolution(
        (Network Net, string Name) module, Value from, int channels, int kernel, (string Caffe, string Torch) branch);
}
