namespace Fovea.Models;

/// <summary>Draws a weight's first values; its shape is [outputs, inputs] or [outputs, inputs, kernel height, kernel width].</summary>
public delegate void Initialization(Span<float> weight, Shape shape, SeededRandom random);

/// <summary>How weights begin, as papers and frameworks have it. The fan-in is the number of inputs that one output sums, the fan-out the reverse.</summary>
public static class Initializations
{
    /// <summary>Uniform, variance 2 / fan-in: level activations through ReLU (He et al., 2015).</summary>
    public static Initialization HeUniform { get; } = (weight, shape, random) => Uniform(weight, MathF.Sqrt(6f / FanIn(shape)), random);

    /// <summary>Normal, variance 2 / fan-out: level gradients through ReLU (He et al., 2015); torchvision's convolutions in VGG and ResNet.</summary>
    public static Initialization HeNormal { get; } = (weight, shape, random) => Gaussian(weight, MathF.Sqrt(2f / FanOut(shape)), random, cut: float.PositiveInfinity);

    /// <summary>Uniform, variance 2 / (fan-in + fan-out) (Glorot and Bengio, 2010); BVLC's GoogLeNet.</summary>
    public static Initialization GlorotUniform { get; } = (weight, shape, random) => Uniform(weight, MathF.Sqrt(6f / (FanIn(shape) + FanOut(shape))), random);

    /// <summary>Uniform within 1 / sqrt(fan-in): what PyTorch does where nothing else is asked for.</summary>
    public static Initialization TorchDefault { get; } = (weight, shape, random) => Uniform(weight, MathF.Sqrt(1f / FanIn(shape)), random);

    /// <summary>Normal with this deviation.</summary>
    public static Initialization Normal(float deviation) => (weight, _, random) => Gaussian(weight, deviation, random, cut: float.PositiveInfinity);

    /// <summary>Normal with this deviation, drawn again beyond two deviations; torchvision's GoogLeNet.</summary>
    public static Initialization TruncatedNormal(float deviation) => (weight, _, random) => Gaussian(weight, deviation, random, cut: 2);

    /// <summary>The same number everywhere.</summary>
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

    private static void Gaussian(Span<float> weight, float deviation, SeededRandom random, float cut)
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
