using Fovea.Models.Autodiff;
using Fovea.Models.Graphs;
using Fovea.Models.Kernels;
using Fovea.Models.Layers;
using Fovea.Models.Rewrites;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Kernels;

/// <summary>Fovea's own operators in training graphs.</summary>
public class TrainingKernelTests
{
    public static TheoryData<int, int, int, bool> Pools => new()
    {
        { 2, 2, 0, false },
        { 3, 2, 0, false },
        { 3, 2, 0, true },
        { 3, 2, 1, false },
        { 3, 2, 1, true },
        { 3, 1, 1, false },
        { 5, 3, 2, false },
    };

    [Fact]
    public void A_step_gives_the_same_bytes_each_time_and_for_any_number_of_threads()
    {
        var graph = Differentiated(g =>
        {
            var x = g.Relu(g.Input("x", ElementType.Float, new Shape(5, 32, 23, 18)));
            var w = g.Input("w", ElementType.Float, new Shape(80, 32, 3, 3));
            var y = g.Relu(g.Conv(x, w, window: Window.Square(3, padding: 1)));
            y = g.Relu(Normalized(g, y) + y);
            foreach (var (name, kernel) in new[] { ("halves", 3), ("point", 1) })
            {
                var weights = g.Input(name, ElementType.Float, new Shape(64, y.Shape[1], kernel, kernel));
                y = g.Conv(y, weights, window: Window.Square(kernel, 2));
            }

            return y;
        });
        Graph For(int threads) => RewritePass.ForTraining(graph, cuda: false, ChannelBlock.Size, threads).Graph;
        string[] own = [.. For(1).Nodes.Where(node => node.Domain == CustomOperators.Domain).Select(node => node.Op).Order()];
        string[] normalizations = [CustomOperators.Normalization, CustomOperators.NormalizationGradient];
        string[] activations = [.. Enumerable.Repeat(CustomOperators.ActivationGradient, 3)];
        string[] convolutions = [CustomOperators.Winograd, CustomOperators.Winograd, CustomOperators.WeightGradient];
        string[] strided = ChannelBlock.Size > 1 ? [CustomOperators.Interleaving] : [];
        string[] expected = [.. normalizations, .. activations, .. TileTransforms.IsSupported ? convolutions : [], .. strided, .. strided];
        Assert.Equal(expected.Order(), own);

        var first = Run(For(3), repeats: false);
        Assert.Equal(first, Run(For(3), repeats: false));
        if (TileTransforms.IsSupported)
        {
            Assert.Equal(first, Run(For(16), repeats: false));
            Assert.Equal(first, Run(For(1), repeats: false));
            Assert.Equal(first, Run(For(1), repeats: false, onOneThread: true));
        }
    }

    [Theory, MemberData(nameof(Pools))]
    public void Max_pool_gradient_equals_the_scattered_gradients(int kernel, int stride, int padding, bool ceil)
    {
        var graph = Differentiated(g => g.MaxPool(
            g.Input("x", ElementType.Float, new Shape(3, 5, 13, 12)), Window.Square(kernel, stride, padding), ceil));
        var rewritten = RewritePass.ForTraining(graph, cuda: false, ChannelBlock.Size).Graph;
        Assert.Contains(rewritten.Nodes, node => node.Op == CustomOperators.PoolGradient);
        Assert.DoesNotContain(rewritten.Nodes, node => node.Op == "ScatterElements");
        Assert.Single(rewritten.Nodes, node => node.Op == "MaxPool");
        foreach (var (expected, found) in Run(graph).Zip(Run(rewritten)))
        {
            Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Relu_gradient_equals_the_masked_gradient(bool isReadTwice)
    {
        var graph = Differentiated(g =>
        {
            var y = g.Relu(g.Input("x", ElementType.Float, new Shape(3, 7, 61, 53)));
            return isReadTwice ? g.Apply("Neg", [y]) + (y * 2) : y;
        });
        var rewritten = RewritePass.ForTraining(graph, cuda: false, ChannelBlock.Size).Graph;
        Assert.Contains(rewritten.Nodes, node => node.Op == CustomOperators.ActivationGradient);
        Assert.Equal(isReadTwice ? 1 : 0, rewritten.Nodes.Count(node => node.Op == "Add"));
        Assert.Equal(Run(graph), Run(rewritten));
    }

    // The addend of a sum that a normalisation computes must not be added once more.
    [Fact]
    public void Relu_gradient_leaves_a_sum_to_the_normalisation_that_computes_it()
    {
        var graph = new Graph("masked");
        Value Input(string name) => graph.Input(name, ElementType.Float, new Shape(3, 5, 13, 11));
        var mask = graph.Apply("HardSigmoid", [graph.Relu(Input("y"))], ("alpha", float.MaxValue), ("beta", 0f));
        graph.Output((Normalized(graph, Input("x")) + Input("addend")) * mask);
        var rewritten = RewritePass.ForTraining(graph, cuda: false, ChannelBlock.Size).Graph;
        Assert.Contains(rewritten.Nodes, node => node.Op == CustomOperators.ActivationGradient);
        Assert.DoesNotContain(rewritten.Nodes, node => node.Op == "Add");
        var standard = RewritePass.ForTraining(graph, cuda: true, ChannelBlock.Size).Graph;
        Assert.All(Run(standard)[0].Zip(Run(rewritten)[0]), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    // The forms for CUDA are standard operators, which run on the CPU too.
    [Theory]
    [InlineData("alone", "")]
    [InlineData("ReLU", "")]
    [InlineData("sum", "Relu Add")]
    [InlineData("sum and ReLU", "Relu Add")]
    [InlineData("sum of two", "Relu Add")]
    [InlineData("ReLU, read twice", "Relu Add Add")]
    public void Batch_normalisation_and_its_gradients_equal_the_standard_operators(string after, string operators)
    {
        var graph = Differentiated(g =>
        {
            var x = g.Input("x", ElementType.Float, new Shape(3, 5, 13, 11));
            Value before = g.Relu(x), y = Normalized(g, x);
            return after switch
            {
                "ReLU" => g.Relu(y),
                "sum" => before + y,
                "sum and ReLU" => g.Relu(y + before),
                "sum of two" => Normalized(g, before) + y,
                "ReLU, read twice" => g.Relu(y) + y,
                _ => y,
            };
        });
        var rewritten = RewritePass.ForTraining(graph, cuda: false, ChannelBlock.Size).Graph;
        Assert.Equal(operators, string.Join(' ', rewritten.Nodes.Where(node => node.Op is "Relu" or "Add").Select(node => node.Op)));
        var standard = RewritePass.ForTraining(graph, cuda: true, ChannelBlock.Size).Graph;
        foreach (var (expected, found) in Run(standard, repeats: false).Zip(Run(rewritten, repeats: false)))
        {
            float largest = expected.Max(MathF.Abs);
            Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-5f * largest));
        }
    }

    [Fact]
    public void On_CUDA_no_operator_is_Foveas_own()
    {
        var graph = Differentiated(g => g.MaxPool(
            g.Relu(g.Conv(
                g.Input("x", ElementType.Float, new Shape(2, 32, 12, 12)), g.Input("w", ElementType.Float, new Shape(32, 32, 3, 3)))),
            Window.Square(2, 2)));
        var nodes = RewritePass.ForTraining(graph, cuda: true, ChannelBlock.Size).Graph.Nodes;
        Assert.DoesNotContain(nodes, node => node.Domain == CustomOperators.Domain);
    }

    private static Value Normalized(Graph g, Value x)
    {
        int number = g.Nodes.Count;
        Value Each(string name, float low) => g.Constant(Tensor.Of(
            new Shape(x.Shape[1]), [.. Enumerable.Range(0, x.Shape[1]).Select(i => low + (0.3f * i))]));
        Value gamma = g.Input($"gamma{number}", ElementType.Float, new Shape(x.Shape[1])), beta = Each("beta", -0.5f);
        return g.BatchNormalization(x, gamma, beta, Each("mean", 0), Each("variance", 1), 1e-5f).Y;
    }

    // A function of inputs, weighted by one more input and summed, with its gradients.
    private static Graph Differentiated(Func<Graph, Value> function)
    {
        var graph = new Graph("function");
        var y = function(graph);
        Value[] variables = [.. graph.Inputs];
        var loss = graph.ReduceSum(y * graph.Input("dY", ElementType.Float, y.Shape), []);
        foreach (var gradient in Backward.From(loss, variables).Prepend(y))
        {
            graph.Output(gradient);
        }

        graph.Prune();
        return graph;
    }

    // Runs the graph. If numbers repeat, windows have several largest elements. If not, sums depend on the order of their terms.
    private static float[][] Run(Graph graph, bool repeats = true, bool onOneThread = false)
    {
        using var session = Sessions.Open(graph, onOneThread: onOneThread);
        using var options = new RunOptions();
        var values = graph.Inputs.Select((input, number) =>
        {
            var random = new SeededRandom(5, number);
            float[] numbers =
            [
                .. Enumerable.Range(0, (int)input.Shape.Size).Select(_ => random.Uniform(-8, 8))
                    .Select(drawn => repeats ? MathF.Round(drawn) / 8 : drawn / 8),
            ];
            return OrtValue.CreateTensorValueFromMemory(numbers, input.Shape.ToInt64());
        }).ToArray();
        using var results = session.Run(
            options, [.. graph.Inputs.Select(input => input.Name)], values, [.. graph.Outputs.Select(output => output.Name)]);
        Array.ForEach(values, value => value.Dispose());
        return [.. results.Select(result => result.GetTensorDataAsSpan<float>().ToArray())];
    }
}
