using Fovea.Models.Graphs;

namespace Fovea.Models.Layers;

/// <summary>
/// Builds a graph layer by layer. Each method adds one layer and returns its output. A layer's name is the path of its block and then the
/// given name, or else the layer's kind and number (<c>block1/unit2/conv1</c>). The name of a weight begins with the argument
/// <c>weights</c>, the name under which the weight is published; default: the layer's name with dots instead of slashes. The initial values
/// of a weight are drawn when it is first read, from its own stream of random numbers, so the order of reading does not matter.
/// </summary>
public sealed class Network
{
    private readonly Graph graph;
    private readonly long seed;
    private readonly string path;
    private readonly Dictionary<string, int> counts = [];

    /// <summary>A builder that adds layers to a graph.</summary>
    /// <param name="graph">A graph that has only its input.</param>
    /// <param name="seed">The seed of the weights' random numbers.</param>
    /// <param name="auxiliary">Whether to build auxiliary heads, which are used in training only. Default false.</param>
    public Network(Graph graph, long seed, bool auxiliary = false)
        : this(graph, seed, auxiliary, "", Initializations.HeUniform, Initializations.HeUniform, bias: Initializations.Constant(0))
    {
    }

    private Network(
        Graph graph, long seed, bool auxiliary, string path, Initialization convolution, Initialization dense, Initialization bias)
    {
        (this.graph, this.seed, this.path) = (graph, seed, path);
        (Auxiliary, Convolution, DenseWeights, Bias) = (auxiliary, convolution, dense, bias);
    }

    /// <summary>Whether to build auxiliary heads, which are used in training only.</summary>
    public bool Auxiliary { get; }

    /// <summary>The initialization of the weights of convolutions. Default: <see cref="Initializations.HeUniform"/>.</summary>
    public Initialization Convolution { get; set; }

    /// <summary>The initialization of the weights of dense layers. Default: <see cref="Initializations.HeUniform"/>.</summary>
    public Initialization DenseWeights { get; set; }

    /// <summary>The initialization of biases. Default: 0.</summary>
    public Initialization Bias { get; set; }

    /// <summary>
    /// A builder for a block of layers. The layers' names begin with the block's name and a slash. A summary shows the block as one row
    /// that can be expanded.
    /// </summary>
    public Network Block(string name) => new(graph, seed, Auxiliary, $"{path}{name}/", Convolution, DenseWeights, Bias);

    /// <summary>
    /// Convolution with a square kernel: [N, C, H, W] to [N, channels, H', W']. Default: stride 1, no padding, with a bias.
    /// </summary>
    public Value Conv(
        Value x, int channels, int kernel, int stride = 1, int padding = 0, bool bias = true, string? name = null, string? weights = null)
    {
        var filters = new Shape(channels, x.Shape[1], kernel, kernel);
        return Conv(x, filters, Window.Square(kernel, stride, padding), bias, name, weights);
    }

    /// <summary>
    /// Depthwise convolution, which convolves each channel separately, with a square kernel: [N, C, H, W] to [N, C, H', W']. Default:
    /// stride 1, no padding, with a bias.
    /// </summary>
    public Value DepthwiseConv(
        Value x, int kernel, int stride = 1, int padding = 0, bool bias = true, string? name = null, string? weights = null) =>
        Conv(x, new Shape(x.Shape[1], 1, kernel, kernel), Window.Square(kernel, stride, padding), bias, name, weights);

    /// <summary>
    /// Batch normalisation by running statistics (Ioffe and Szegedy, 2015): each channel is normalised to mean 0 and variance 1, then
    /// multiplied by a learned scale, and a learned shift is added.
    /// </summary>
    public Value BatchNorm(Value x, string? name = null, string? weights = null, float epsilon = 1e-5f)
    {
        name = Path(name, "bn");
        weights ??= Dotted(name);
        Value[] inputs = [x, PerChannel("weight", 1), PerChannel("bias", 0), PerChannel("running_mean", 0), PerChannel("running_var", 1)];
        return graph.Add("BatchNormalization", inputs, [("epsilon", epsilon)], name).Output;

        Value PerChannel(string kind, float value) => Weight($"{weights}.{kind}", new Shape(x.Shape[1]), Initializations.Constant(value));
    }

    /// <summary>
    /// Layer normalisation of the last axis (Ba, Kiros and Hinton, 2016): its elements are normalised to mean 0 and variance 1, then
    /// multiplied by a learned scale, and a learned shift is added.
    /// </summary>
    public Value LayerNorm(Value x, string? name = null, string? weights = null, float epsilon = 1e-5f)
    {
        name = Path(name, "norm");
        weights ??= Dotted(name);
        var each = new Shape(x.Shape[-1]);
        var scale = Weight($"{weights}.weight", each, Initializations.Constant(1));
        var shift = Weight($"{weights}.bias", each, Initializations.Constant(0));
        return graph.Add("LayerNormalization", [x, scale, shift], [("axis", -1L), ("epsilon", epsilon)], name).Output;
    }

    /// <summary>
    /// Multiplies each channel of [N, C, H, W] by a learned factor. <paramref name="weights"/> is the full name of the factors, whose shape
    /// is [C, 1, 1]; default: the layer's name and <c>.weight</c>.
    /// </summary>
    public Value Scale(Value x, float initial, string? name = null, string? weights = null)
    {
        name = Path(name, "scale");
        var factors = Weight(weights ?? $"{Dotted(name)}.weight", new Shape(x.Shape[1], 1, 1), Initializations.Constant(initial));
        return graph.Add("Mul", [x, factors], name: name).Output;
    }

    /// <summary>
    /// Local response normalisation over neighbouring channels (Krizhevsky et al., 2012): x / (k + alpha / size * sum of squares)^beta.
    /// </summary>
    public Value Lrn(Value x, float k, int size = 5, float alpha = 1e-4f, float beta = 0.75f) =>
        graph.Add("LRN", [x], [("size", (long)size), ("alpha", alpha), ("beta", beta), ("bias", k)], Path(null, "norm")).Output;

    /// <summary>
    /// Fully connected layer: [N, features] to [N, units], or at each position separately, [N, H, W, features] to [N, H, W, units].
    /// </summary>
    public Value Dense(Value x, int units, string? name = null, string? weights = null)
    {
        name = Path(name, "fc");
        return Dense(x, units, name, weights, output: name);
    }

    /// <summary>The last fully connected layer: [N, features] to [N, classes]. Its output is named <c>logits</c>.</summary>
    public Value Logits(Value x, int classes, string? name = null, string? weights = null) =>
        Dense(x, classes, Path(name, "fc"), weights, output: "logits");

    /// <summary>Flattens the scores of the classes and names them <c>logits</c>: [N, classes, 1, 1] to [N, classes].</summary>
    public Value Logits(Value scores) => graph.Add("Flatten", [scores], [("axis", 1L)], Path("flatten", ""), outputs: "logits").Output;

    /// <summary>Adds the logits of an auxiliary head to the outputs of the graph.</summary>
    public void AuxiliaryOutput(Value logits) => graph.Output(logits);

    /// <summary>max(x, 0). The layer's name is the name of the layer before it and <c>/relu</c>.</summary>
    public Value Relu(Value x) => graph.Relu(x, $"{x.Name}/relu");

    /// <summary>Means over a square window: [N, C, H, W] to [N, C, H', W'].</summary>
    public Value AveragePool(Value x, int kernel, int stride, string? name = null) =>
        graph.AveragePool(x, Window.Square(kernel, stride), name: Path(name, "pool"));

    /// <summary>
    /// Maxima over a square window: [N, C, H, W] to [N, C, H', W']. With <paramref name="ceil"/>, H' and W' are rounded up.
    /// </summary>
    public Value MaxPool(Value x, int kernel, int stride, int padding = 0, bool ceil = false, string? name = null) =>
        graph.MaxPool(x, Window.Square(kernel, stride, padding), ceil, Path(name, "pool"));

    /// <summary>The mean of each channel: [N, C, H, W] to [N, C, 1, 1].</summary>
    public Value GlobalAveragePool(Value x, string? name = null) => graph.Add("GlobalAveragePool", [x], name: Path(name, "pool")).Output;

    /// <summary>Joins the channels of several branches.</summary>
    public Value Concat(params ReadOnlySpan<Value> branches) =>
        graph.Add("Concat", [.. branches], [("axis", 1L)], Path("concat", "")).Output;

    /// <summary>The elementwise sum of a residual branch and its shortcut.</summary>
    public Value Add(Value a, Value b) => graph.Add("Add", [a, b], name: Path("add", "")).Output;

    /// <summary>The elementwise product. The factors are broadcast, for example from [N, C, 1, 1] to [N, C, H, W].</summary>
    public Value Multiply(Value x, Value factors) => graph.Add("Mul", [x, factors], name: Path("multiply", "")).Output;

    /// <summary>
    /// In training, sets a random share of the elements, <paramref name="rate"/>, to 0. In inference, returns the elements unchanged
    /// (Srivastava et al., 2014).
    /// </summary>
    public Value Dropout(Value x, float rate) => graph.Add("Dropout", [x, graph.Scalar(rate)], name: Path(null, "dropout")).Output;

    /// <summary>Flattens [N, C, H, W] to [N, C H W].</summary>
    public Value Flatten(Value x) => graph.Flatten(x, Path("flatten", ""));

    /// <summary>Moves the channels to the last axis: [N, C, H, W] to [N, H, W, C].</summary>
    public Value ChannelsLast(Value x) => graph.Add("Transpose", [x], [("perm", (long[])[0, 2, 3, 1])], Path(null, "permute")).Output;

    /// <summary>Moves the channels before height and width: [N, H, W, C] to [N, C, H, W].</summary>
    public Value ChannelsFirst(Value x) => graph.Add("Transpose", [x], [("perm", (long[])[0, 3, 1, 2])], Path(null, "permute")).Output;

    // Adds a convolution. The shape of its weights, kernel, is [channels, C / groups, height, width].
    private Value Conv(Value x, Shape kernel, Window window, bool bias, string? name, string? weights)
    {
        name = Path(name, "conv");
        weights ??= Dotted(name);
        var w = Weight($"{weights}.weight", kernel, Convolution);
        var b = bias ? Weight($"{weights}.bias", new Shape(kernel[0]), Bias, fanFrom: kernel) : null;
        return graph.Conv(x, w, b, window, x.Shape[1] / kernel[1], name);
    }

    // Gemm takes matrices only. For inputs with more axes, a MatMul multiplies the last axis. MatMul needs the weights transposed; ONNX
    // Runtime transposes them once, when it loads the file.
    private Value Dense(Value x, int units, string name, string? weights, string output)
    {
        weights ??= Dotted(name);
        var w = Weight($"{weights}.weight", new Shape(units, x.Shape[-1]), DenseWeights);
        var b = Weight($"{weights}.bias", new Shape(units), Bias, fanFrom: w.Shape);
        if (x.Shape.Rank > 2)
        {
            var transposed = graph.Add("Transpose", [w], [("perm", (long[])[1, 0])], $"{name}/transpose").Output;
            return graph.Add("Add", [graph.Add("MatMul", [x, transposed], name: $"{name}/matmul").Output, b], name: name).Output;
        }

        return graph.Add("Gemm", [x, w, b], [("transB", 1L)], name, outputs: output).Output;
    }

    // The path of a layer. A layer without a given name is named by its kind and the number of layers of this kind so far.
    private string Path(string? name, string kind) => path + (name ?? $"{kind}{counts[kind] = counts.GetValueOrDefault(kind) + 1}");

    private static string Dotted(string name) => name.Replace('/', '.');

    // fanFrom is the shape from which the initialization computes fan-in and fan-out: for a bias, the shape of its layer's weight. The
    // number of the stream of random numbers is the index of the weight in the graph.
    private Value Weight(string name, Shape shape, Initialization initialization, Shape? fanFrom = null)
    {
        int stream = graph.Initializers.Count;

        // The tensor outlives the builder, so its function captures a copy of the seed, not the builder.
        var (draw, fanShape, seedCopy) = (initialization, fanFrom ?? shape, seed);
        return graph.Initializer(name, Tensor.Drawn(shape, weight => draw(weight, fanShape, new SeededRandom(seedCopy, stream))));
    }
}
