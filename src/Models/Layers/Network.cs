namespace Fovea.Models;

/// <summary>
/// Builds a graph layer by layer. Each method adds one layer and gives its output. A layer is called by the name given, or by its kind and number
/// (<c>conv1</c>, <c>pool2</c>), behind the path of its block (<c>block1/0/conv1</c>); its weights by the name they are published under, or by that
/// path with dots. Weights are drawn when they are first needed, each from a stream of its own.
/// </summary>
public sealed class Network
{
    private readonly Graph graph;
    private readonly long seed;
    private readonly string path;
    private readonly Dictionary<string, int> counts = [];

    /// <summary>A builder for an empty graph.</summary>
    /// <param name="graph">What is built.</param>
    /// <param name="seed">Decides the weights.</param>
    /// <param name="auxiliary">Whether heads that only serve training are built.</param>
    public Network(Graph graph, long seed, bool auxiliary = false)
        : this(graph, seed, auxiliary, "", Initializations.HeUniform, Initializations.HeUniform, bias: Initializations.Constant(0))
    {
    }

    private Network(Graph graph, long seed, bool auxiliary, string path, Initialization convolution, Initialization dense, Initialization bias)
    {
        (this.graph, this.seed, this.path) = (graph, seed, path);
        (Auxiliary, Convolution, DenseWeights, Bias) = (auxiliary, convolution, dense, bias);
    }

    /// <summary>Whether heads that only serve training are built.</summary>
    public bool Auxiliary { get; }

    /// <summary>How the weights of convolutions begin. Default: He, uniform.</summary>
    public Initialization Convolution { get; set; }

    /// <summary>How the weights of dense layers begin. Default: He, uniform.</summary>
    public Initialization DenseWeights { get; set; }

    /// <summary>How biases begin. Default: zero.</summary>
    public Initialization Bias { get; set; }

    /// <summary>A builder for a block of layers: one row of a summary, which opens.</summary>
    public Network Block(string name) => new(graph, seed, Auxiliary, $"{path}{name}/", Convolution, DenseWeights, Bias);

    /// <summary>Convolution with a square kernel: [N, C, H, W] to [N, channels, H', W'].</summary>
    public Value Conv(Value x, int channels, int kernel, int stride = 1, int padding = 0, bool bias = true, string? name = null, string? weights = null)
    {
        name = Path(name, "conv");
        weights ??= Dotted(name);
        var w = Weight($"{weights}.weight", new Shape(channels, x.Shape[1], kernel, kernel), Convolution);
        var b = bias ? Weight($"{weights}.bias", new Shape(channels), Bias, fanFrom: w.Shape) : null;
        return graph.Conv(x, w, b, Window.Square(kernel, stride, padding), name: name);
    }

    /// <summary>Batch normalisation by running statistics (Ioffe and Szegedy, 2015): each channel to mean 0 and deviation 1, then scaled and shifted.</summary>
    public Value BatchNorm(Value x, string? name = null, string? weights = null, float epsilon = 1e-5f)
    {
        name = Path(name, "bn");
        weights ??= Dotted(name);
        Value Channels(string kind, float value) => Weight($"{weights}.{kind}", new Shape(x.Shape[1]), Initializations.Constant(value));
        Value[] inputs = [x, Channels("weight", 1), Channels("bias", 0), Channels("running_mean", 0), Channels("running_var", 1)];
        return graph.Add("BatchNormalization", inputs, [("epsilon", epsilon)], name).Output;
    }

    /// <summary>Local response normalisation over neighbouring channels (Krizhevsky et al., 2012): x / (k + alpha / size * sum of squares)^beta.</summary>
    public Value Lrn(Value x, float k, int size = 5, float alpha = 1e-4f, float beta = 0.75f) =>
        graph.Add("LRN", [x], [("size", (long)size), ("alpha", alpha), ("beta", beta), ("bias", k)], Path(null, "norm")).Output;

    /// <summary>Fully connected layer: [N, features] to [N, units].</summary>
    public Value Dense(Value x, int units, string? name = null, string? weights = null)
    {
        name = Path(name, "fc");
        return Dense(x, units, name, weights, output: name);
    }

    /// <summary>The last fully connected layer: [N, features] to [N, classes], its output named <c>logits</c>.</summary>
    public Value Logits(Value x, int classes, string? name = null, string? weights = null) => Dense(x, classes, Path(name, "fc"), weights, output: "logits");

    /// <summary>Names the logits of a head that only serves training as a further output of the graph.</summary>
    public void AuxiliaryOutput(Value logits) => graph.Output(logits);

    /// <summary>max(x, 0), belonging to the layer before it.</summary>
    public Value Relu(Value x) => graph.Relu(x, $"{x.Name}/relu");

    /// <summary>Means over square windows: [N, C, H, W] to [N, C, H', W'].</summary>
    public Value AveragePool(Value x, int kernel, int stride, string? name = null) => graph.AveragePool(x, Window.Square(kernel, stride), name: Path(name, "pool"));

    /// <summary>Largest values of square windows; with <paramref name="ceil"/> a window that reaches over the edge counts too.</summary>
    public Value MaxPool(Value x, int kernel, int stride, int padding = 0, bool ceil = false, string? name = null) =>
        graph.MaxPool(x, Window.Square(kernel, stride, padding), ceil, Path(name, "pool"));

    /// <summary>The mean of each channel: [N, C, H, W] to [N, C, 1, 1].</summary>
    public Value GlobalAveragePool(Value x, string? name = null) => graph.Add("GlobalAveragePool", [x], name: Path(name, "pool")).Output;

    /// <summary>Channels of several branches, one after the other.</summary>
    public Value Concat(params ReadOnlySpan<Value> branches) => graph.Add("Concat", [.. branches], [("axis", 1L)], Path("concat", "")).Output;

    /// <summary>The sum of a block's two ways.</summary>
    public Value Add(Value a, Value b) => graph.Add("Add", [a, b], name: Path("add", "")).Output;

    /// <summary>Drops this share of the numbers while training, and does nothing else (Srivastava et al., 2014).</summary>
    public Value Dropout(Value x, float rate) => graph.Add("Dropout", [x, graph.Scalar(rate)], name: Path(null, "dropout")).Output;

    /// <summary>[N, C, H, W] to [N, C H W].</summary>
    public Value Flatten(Value x) => graph.Flatten(x, Path("flatten", ""));

    private Value Dense(Value x, int units, string name, string? weights, string output)
    {
        weights ??= Dotted(name);
        var w = Weight($"{weights}.weight", new Shape(units, x.Shape[1]), DenseWeights);
        var b = Weight($"{weights}.bias", new Shape(units), Bias, fanFrom: w.Shape);
        return graph.Add("Gemm", [x, w, b], [("transB", 1L)], name, outputs: output).Output;
    }

    private string Path(string? name, string kind) => path + (name ?? $"{kind}{counts[kind] = counts.GetValueOrDefault(kind) + 1}");

    private static string Dotted(string name) => name.Replace('/', '.');

    // A bias may be drawn by the fan of its layer's weight.
    private Value Weight(string name, Shape shape, Initialization initialization, Shape? fanFrom = null)
    {
        int stream = graph.Initializers.Count;
        var (draw, from, fixedSeed) = (initialization, fanFrom ?? shape, seed);
        return graph.Initializer(name, Tensor.Drawn(shape, weight => draw(weight, from, new SeededRandom(fixedSeed, stream))));
    }
}
