using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Kernels;
using Fovea.Models.Layers;
using Fovea.Training.Steps;

namespace Fovea.Training.Tests.Steps;

[Trait("Needs", "services")]
public sealed class PyTorchTests(PyTorch torch) : IClassFixture<PyTorch>
{
    private const int MaximumBatches = 3;

    // The layers under test. They stand between a convolution with ReLU, 8 channels of 11x12, and the dense layer with the logits.
    private static readonly Dictionary<string, Func<Network, Value, Value>> Blocks = new()
    {
        ["convolution"] = (net, x) => net.Relu(net.Conv(x, 6, 3, stride: 2, padding: 1)),
        ["batch norm"] = (net, x) => net.Relu(net.BatchNorm(net.Conv(x, 6, 3, padding: 1, bias: false))),
        ["batch norm, frozen"] = (net, x) => net.Relu(net.BatchNorm(net.Conv(x, 6, 3, padding: 1, bias: false))),
        ["residual block"] = Residual,
        ["bottleneck with stride"] = Bottleneck,
        ["inception module"] = Inception,
        ["local response normalisation"] = (net, x) => net.Lrn(x, k: 2, alpha: 0.5f),
        ["max pool, overlapping"] = (net, x) => net.MaxPool(x, 3, 2),
        ["max pool, padded"] = (net, x) => net.MaxPool(x, 3, 2, padding: 1),
        ["max pool, rounding up"] = (net, x) => net.MaxPool(x, 3, 2, ceil: true),
        ["average pool, padding counted"] = (net, x) => x.Graph.AveragePool(x, Window.Square(3, 2, 1), countPadding: true),
        ["average pool, padding not counted"] = (net, x) => x.Graph.AveragePool(x, Window.Square(3, 2, 1)),
        ["dropout"] = (net, x) => net.Dropout(net.Relu(net.Dense(x.Graph.Flatten(x), 64)), 0.5f),
        ["dense head"] = (net, x) => net.GlobalAveragePool(x),
        ["depthwise convolution with ReLU6"] = (net, x) => (net.DepthwiseConv(x, 5, stride: 2, padding: 2) * 20).Relu6(),
        ["squeeze and excitation"] = (net, x) => net.Multiply(x, net.Conv(net.GlobalAveragePool(x), 8, 1).Silu().Sigmoid()),
        ["layer norm and dense layers, channels last"] = (net, x) =>
            net.Scale(net.ChannelsFirst(net.Dense(net.Dense(net.LayerNorm(net.ChannelsLast(x)), 12).Gelu(), 6)), 0.5f),
        ["auxiliary head"] = Auxiliary,
    };

    public static TheoryData<string> BlockNames => new(Blocks.Keys);

    public static TheoryData<string> Networks => new(Catalog.Architectures.Select(a => a.Name));

    [Fact]
    public void LeNet5_has_PyTorchs_gradients() =>
        AssertEqual(LearningCase.Compare(torch, "lenet5", Catalog.Find("lenet5").Build(), batch: 4));

    [Theory, MemberData(nameof(BlockNames))]
    public void A_block_has_PyTorchs_gradients_and_statistics(string name) =>
        AssertEqual(
            LearningCase.Compare(torch, name, Block(name), batch: 3, frozenStatistics: name.EndsWith("frozen", StringComparison.Ordinal)));

    // The images are small, but leave batch normalisation enough numbers per channel. If a number is so close to zero that rounding decides
    // whether it passes a ReLU, or if two maxima of a pool are that close, this one decision outweighs all other errors. Shifts of batch
    // normalisation around 2 make such cases rare, and the median over more batches excludes them.
    [Theory, MemberData(nameof(Networks))]
    public void A_network_learns_as_accurately_as_in_PyTorch(string name)
    {
        var architecture = Catalog.Find(name);
        int side = Math.Max(64, architecture.SmallestSideWithAuxiliary ?? architecture.SmallestSide);
        var input = new Shape(architecture.Input[0], side, side);
        var network = architecture.Build(classes: 5, input, seed: 1, architecture.HasAuxiliary, Stem.ImageNet);
        var model = architecture.Torchvision is { } same ? $"torchvision.models.{same.Name}" : name;
        bool isFiltered = new GradientGraph(network, batchSize: 2).Graph.Nodes.Any(node => node.Op == CustomOperators.WeightGradient);
        double most = isFiltered ? 2.5 : 2;
        var errors = new List<LearningCase.TensorError>();
        for (int seed = 1; seed == 1 || (seed <= MaximumBatches && Inaccuracy(errors, most) is not null); seed++)
        {
            errors.AddRange(LearningCase.Compare(torch, model, network, batch: 2, seed, shift: 2));
        }

        Assert.Null(Inaccuracy(errors, most));
    }

    // Returns a sentence for the failed assertion, or null. The errors are too large if the median error of loss and gradients is more than
    // the given multiple of PyTorch's error in single precision, or if that of the statistics is more than twice PyTorch's.
    private static string? Inaccuracy(IEnumerable<LearningCase.TensorError> errors, double most) =>
        (from error in errors
         group error by error.Name.Contains(".running_", StringComparison.Ordinal) into kind
         let ours = Median(kind.Select(e => e.Ours))
         let torchs = Median(kind.Select(e => e.PyTorchs))
         where ours > (kind.Key ? 2 : most) * torchs
         select $"The median error of {(kind.Key ? "statistics" : "loss and gradients")} is {ours:E2}; PyTorch's is {torchs:E2}.")
        .FirstOrDefault();

    private static void AssertEqual(IEnumerable<LearningCase.TensorError> errors) =>
        Assert.All(errors, error => Assert.True(error.Ours <= 1e-4, $"{error.Name}: {error.Ours:E2} from PyTorch's"));

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static Graph Block(string name)
    {
        var graph = new Graph(name);
        var net = new Network(graph, seed: 3);
        var x = net.Relu(net.Conv(graph.Input("input", ElementType.Float, new Shape(Shape.Free, 3, 11, 12)), 8, 3, padding: 1));
        graph.Outputs.Insert(0, net.Logits(net.Flatten(Blocks[name](net, x)), 5, "head"));
        return graph;
    }

    private static Value Residual(Network net, Value x)
    {
        var y = net.Relu(net.BatchNorm(net.Conv(x, 8, 3, padding: 1, bias: false)));
        return net.Relu(net.Add(x, net.BatchNorm(net.Conv(y, 8, 3, padding: 1, bias: false))));
    }

    private static Value Bottleneck(Network net, Value x)
    {
        var y = net.Relu(net.BatchNorm(net.Conv(x, 4, 1, bias: false)));
        y = net.Relu(net.BatchNorm(net.Conv(y, 4, 3, stride: 2, padding: 1, bias: false)));
        y = net.BatchNorm(net.Conv(y, 16, 1, bias: false));
        return net.Relu(net.Add(y, net.BatchNorm(net.Conv(x, 16, 1, stride: 2, bias: false))));
    }

    private static Value Inception(Network net, Value x)
    {
        Value Conv(Value from, int channels, int kernel, string name) =>
            net.Relu(net.Conv(from, channels, kernel, padding: kernel / 2, name: name));
        return net.Concat(
            Conv(x, 4, 1, "1x1"),
            Conv(Conv(x, 4, 1, "3x3_reduce"), 6, 3, "3x3"),
            Conv(Conv(x, 2, 1, "5x5_reduce"), 3, 5, "5x5"),
            Conv(net.MaxPool(x, 3, 1, padding: 1, ceil: true), 3, 1, "pool_proj"));
    }

    private static Value Auxiliary(Network net, Value x)
    {
        var y = x.Graph.Flatten(net.Relu(net.Conv(net.AveragePool(x, 5, 3), 6, 1)));
        net.AuxiliaryOutput(net.Dense(net.Dropout(net.Relu(net.Dense(y, 32)), 0.7f), 5));
        return net.Relu(net.Conv(x, 6, 1));
    }
}
