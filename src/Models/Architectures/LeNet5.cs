using Fovea.Models.Imaging;

namespace Fovea.Models.Architectures;

/// <summary>
/// LeNet-5 (LeCun, Bottou, Bengio and Haffner, 1998), with ReLU in place of the paper's squashing function and a dense layer in place of
/// its radial basis functions, as is usual today. Input [N, 1, 28, 28]; output logits [N, classes].
/// </summary>
internal sealed class LeNet5 : INetworkFamily
{
    private static readonly int[] Channels = [6, 16];
    private static readonly int[] Units = [120, 84];

    public static int Year => 1998;

    public static IReadOnlyList<Architecture> Variants { get; } =
    [
        new(
            "lenet5",
            "LeCun, Bottou, Bengio and Haffner, 1998: Gradient-based learning applied to document recognition",
            Classes: 10,
            new Preprocessing { Crop = [28, 28], Color = ColorOrder.Gray, Invert = Inversion.Auto },
            (net, x, classes) =>
            {
                foreach (int channels in Channels)
                {
                    x = net.AveragePool(net.Relu(net.Conv(x, channels, kernel: 5)), kernel: 2, stride: 2);
                }

                x = net.Flatten(x);
                foreach (int units in Units)
                {
                    x = net.Relu(net.Dense(x, units));
                }

                return net.Logits(x, classes);
            })
        {
            Parameters = 44_426,
            SmallestSide = 16,

            // These hyperparameters gave the best results on validation images of MNIST.
            Recipe = new("adam", 4e-3, 32, WeightDecay: 1e-5, LabelSmoothing: 0.02, Averaging: 0.999),
        },
    ];
}
