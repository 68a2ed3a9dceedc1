using Fovea.Models.Graphs;

namespace Fovea.Models.Layers;

/// <summary>
/// Initial distributions of weights. The fan-in of a weight is the number of inputs that one output sums over, and the fan-out is the
/// number of outputs that one input contributes to. A uniform distribution within +-a has the variance a^2 / 3.
/// </summary>
public static class Initializations
{
    /// <summary>Uniform with variance 2 / fan-in, which keeps the variance of activations through ReLU layers (He et al., 2015).</summary>
    public static Initialization HeUniform { get; } = (weight, shape, random) => Uniform(weight, MathF.Sqrt(6f / FanIn(shape)), random);

    /// <summary>
    /// Normal with variance 2 / fan-out, which keeps the variance of gradients through ReLU layers (He et al., 2015). torchvision's VGG and
    /// ResNet use it for convolutions.
    /// </summary>
    public static Initialization HeNormal { get; } = (weight, shape, random) => Gaussian(weight, MathF.Sqrt(2f / FanOut(shape)), random);

    /// <summary>Uniform with variance 2 / (fan-in + fan-out) (Glorot and Bengio, 2010). BVLC's GoogLeNet uses it.</summary>
    public static Initialization GlorotUniform { get; } =
        (weight, shape, random) => Uniform(weight, MathF.Sqrt(6f / (FanIn(shape) + FanOut(shape))), random);

    /// <summary>Uniform within +-1 / sqrt(fan-in), PyTorch's default.</summary>
    public static Initialization TorchDefault { get; } = (weight, shape, random) => Uniform(weight, MathF.Sqrt(1f / FanIn(shape)), random);

    /// <summary>Normal with mean 0 and this standard deviation.</summary>
    public static Initialization Normal(float deviation) => (weight, _, random) => Gaussian(weight, deviation, random);

    /// <summary>
    /// Normal with mean 0 and this standard deviation. Numbers beyond two standard deviations are drawn again. torchvision's GoogLeNet uses
    /// it.
    /// </summary>
    public static Initialization TruncatedNormal(float deviation) => (weight, _, random) => Gaussian(weight, deviation, random, cut: 2);

    /// <summary>Sets all elements to the same number.</summary>
    public static Initialization Constant(float value) => (weight, _, _) => weight.Fill(value);

    private static float FanIn(Shape shape) => shape.Size / shape[0];

    private static float FanOut(Shape shape) => shape.Size / shape[1];

    private static void Uniform(Span<float> weight, float limit, SeededRandom random)
    {
        foreach (ref float w in weight)
        {
            w = random.Uniform(-limit, limit);
        }
    }

    // cut: the largest distance from the mean, in standard deviations.
    private static void Gaussian(Span<float> weight, float deviation, SeededRandom random, float cut = float.PositiveInfinity)
    {
        foreach (ref float w in weight)
        {
            float z;
            do
            {
                z = random.Normal();
            }
            while (MathF.Abs(z) > cut);

            w = deviation * z;
        }
    }
}
