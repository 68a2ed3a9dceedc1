using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Training.Optimizers;
using Fovea.Training.Steps;

namespace Fovea.Training.Tests.Steps;

public class TrainingStepTests
{
    private const int BatchSize = 12;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void Micro_batches_give_the_update_of_the_whole_batch(int microBatch)
    {
        var (whole, wholeLoss) = Learn(Catalog.Find("lenet5").Build(seed: 1));
        var (parts, partsLoss) = Learn(Catalog.Find("lenet5").Build(seed: 1), microBatch: microBatch);
        Assert.Equal(wholeLoss, partsLoss, 1e-5);
        Assert.All(whole.Zip(parts), p => Assert.Equal(p.First, p.Second, 1e-5));
    }

    [Fact]
    public void Step_allocates_no_more_than_its_budget()
    {
        const int Counted = 50, Budget = 4_096;
        using var step = new TrainingStep(Catalog.Find("lenet5").Build(seed: 1), BatchSize, Optimizer.Create("adam"));
        var batch = step.NewBatch(seed: 0);
        Run(from: 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(from: Counted);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Counted, 0, Budget);

        void Run(int from)
        {
            for (int i = from; i < from + Counted; i++)
            {
                batch.Stage(i + 1);
                step.Run(batch, learningRate: 1e-4);
            }
        }
    }

    [Fact]
    public void A_clipped_gradient_has_the_maximum_length_and_its_old_direction()
    {
        var graph = Catalog.Find("lenet5").Build(seed: 1);
        var plain = Moves(graph, clip: null);
        double length = Length(plain);
        var clipped = Moves(graph, clip: length / 4);
        Assert.Equal(length / 4, Length(clipped), length * 1e-4);
        Assert.Equal(1, plain.Zip(clipped, (a, b) => a * b).Sum() / (length * Length(clipped)), 1e-4);
        Assert.Equal(plain, Moves(graph, clip: length * 2));
    }

    [Fact]
    public void A_weight_with_a_factor_of_zero_is_unchanged_and_is_not_a_parameter()
    {
        var graph = Catalog.Find("lenet5").Build(seed: 1);
        var layout = new ParameterLayout(graph, weight => weight.Name.StartsWith("fc3", StringComparison.Ordinal) ? 1 : 0);
        Assert.Equal(["fc3.weight", "fc3.bias"], layout.Parameters.Select(p => p.Name));
        Assert.NotEqual(Learn(graph, layout, steps: 1).Weights, Learn(graph, layout, steps: 2).Weights);
    }

    [Fact]
    public void Running_statistics_follow_the_batches_unless_they_are_frozen()
    {
        var graph = Network((net, x) => net.BatchNorm(net.Conv(x, 4, kernel: 5)));
        float[] Statistics(int steps, bool frozen)
        {
            var layout = new ParameterLayout(graph, frozenStatistics: frozen);
            return Learn(graph, layout, steps).Weights[layout.ParametersLength..];
        }

        float[] none = Statistics(0, frozen: false), one = Statistics(1, frozen: false), two = Statistics(2, frozen: false);
        Assert.Equal(2, new ParameterLayout(graph).Statistics.Count);
        Assert.All(Enumerable.Range(0, 4), channel => Assert.NotEqual(none[channel], one[channel]));
        Assert.All(Enumerable.Range(0, 4), channel => Assert.NotEqual(one[channel], two[channel]));
        Assert.Empty(Statistics(1, frozen: true));
    }

    [Fact]
    public void Dropout_depends_only_on_the_seed_and_the_step()
    {
        var graph = Network((net, x) => net.Dropout(net.Relu(net.Conv(x, 4, kernel: 5)), 0.5f));
        float[] First(long seed) => Learn(graph, seed: seed, steps: 1).Weights;
        Assert.Equal(First(1), First(1));
        Assert.NotEqual(First(1), First(2));
    }

    private static Graph Network(Func<Network, Value, Value> layer)
    {
        var graph = new Graph("small");
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 1, 28, 28));
        var net = new Network(graph, seed: 1);
        graph.Output(net.Logits(net.Flatten(layer(net, x)), 10));
        return graph;
    }

    private static float[] Moves(Graph graph, double? clip)
    {
        var sgd = Optimizer.Create("sgd", momentum: 0);
        float[] before = Learn(graph, steps: 0, optimizer: sgd).Weights, after = Learn(graph, steps: 1, optimizer: sgd, clip: clip).Weights;
        return [.. before.Zip(after, (a, b) => a - b)];
    }

    private static double Length(float[] vector) => Math.Sqrt(vector.Sum(v => (double)v * v));

    // Runs steps on a constant batch. The learning rate is 1 for SGD, so that its first step is the gradient, and 0.001 for the others.
    private static (float[] Weights, float Loss) Learn(
        Graph graph, ParameterLayout? layout = null, int steps = 3, int? microBatch = null, double? clip = null, long seed = 0,
        Optimizer? optimizer = null)
    {
        using var step = new TrainingStep(graph, BatchSize, optimizer ?? Optimizer.Create("adam"), layout, microBatch, clip);
        var random = new SeededRandom(2);
        var batch = step.NewBatch(seed);
        foreach (ref float pixel in batch.Images)
        {
            pixel = random.Uniform(0, 1);
        }

        for (int i = 0; i < BatchSize; i++)
        {
            batch.Targets[i * 10 + i % 10] = 1;
        }

        float loss = 0;
        for (int i = 1; i <= steps; i++)
        {
            batch.Stage(i);
            loss = step.Run(batch, optimizer is null ? 1e-3 : 1).Loss;
        }

        return (step.Weights.Floats.ToArray(), loss);
    }
}
