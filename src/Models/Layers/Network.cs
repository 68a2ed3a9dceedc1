namespace Fovea.Models;

/// <summary>
/// Builds a graph layer by layer. Each method adds one layer and gives its output; a layer is named after its kind and
/// place (<c>conv1</c>, <c>pool2</c>, <c>fc3</c>), and its weights after it (<c>conv1.weight</c>). Weights are drawn from the seed
/// when they are first needed, each from a stream of its own.
/// </summary>
public sealed class Network(Graph graph, long seed)
{
    private readonly Dictionary<string, int> counts = [];

    /// <summary>Convolution with a square kernel: [N, C, H, W] to [N, channels, H', W'].</summary>
    public Value Conv(Value x, int channels, int kernel, int stride = 1, int padding = 0)
    {
        var name = Numbered("conv");
        var (weight, bias) = Weights(name, new Shape(channels, x.Shape[1], kernel, kernel), channels);
        return graph.Conv(x, weight, bias, Window.Square(kernel, stride, padding), name: name);
    }

    /// <summary>Fully connected layer: [N, features] to [N, units].</summary>
    public Value Dense(Value x, int units)
    {
        var name = Numbered("fc");
        return Dense(x, units, name, output: name);
    }

    /// <summary>The last fully connected layer: [N, features] to [N, classes], its output named <c>logits</c>.</summary>
    public Value Logits(Value x, int classes) => Dense(x, classes, Numbered("fc"), output: "logits");

    /// <summary>max(x, 0), belonging to the layer before it.</summary>
    public Value Relu(Value x) => graph.Relu(x, $"{x.Name}/relu");

    /// <summary>Means over square windows: [N, C, H, W] to [N, C, H', W'].</summary>
    public Value AveragePool(Value x, int kernel, int stride) => graph.AveragePool(x, Window.Square(kernel, stride), name: Numbered("pool"));

    /// <summary>[N, C, H, W] to [N, C H W].</summary>
    public Value Flatten(Value x) => graph.Flatten(x, "flatten");

    private Value Dense(Value x, int units, string name, string output)
    {
        var (weight, bias) = Weights(name, new Shape(units, x.Shape[1]), units);
        return graph.Add("Gemm", [x, weight, bias], [("transB", 1L)], name, outputs: output).Output;
    }

    private string Numbered(string kind) => $"{kind}{counts[kind] = counts.GetValueOrDefault(kind) + 1}";

    // He et al. (2015): a variance of 2 / fan-in keeps activations level through ReLU. Biases start at zero.
    private (Value Weight, Value Bias) Weights(string name, Shape shape, int outputs)
    {
        float limit = MathF.Sqrt(6f / (shape.Size / outputs));
        int stream = graph.Initializers.Count;
        var weight = Tensor.Drawn(shape, weights =>
        {
            var random = new SeededRandom(seed, stream);
            foreach (ref float w in weights)
            {
                w = random.Uniform(-limit, limit);
            }
        });
        return (graph.Initializer($"{name}.weight", weight), graph.Initializer($"{name}.bias", Tensor.Drawn(new Shape(outputs), biases => biases.Clear())));
    }
}
