using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Training.Optimizers;
using Fovea.Training.Steps;

namespace Fovea.Training.Tests.Architectures;

[Trait("Needs", "time")]
public sealed class LearningTests
{
    private const int Images = 4, Steps = 10;

    // Ten steps of a larger network take a minute or more. Each of the larger ones has a smaller relative of the same layers.
    private const long MostParameters = 30_000_000;

    public static TheoryData<string> Names =>
        new(Catalog.Architectures.Where(a => a.Parameters <= MostParameters).Select(a => a.Name));

    // Plain gradient descent. Without dropout, the loss of a constant batch falls in each step if the steps are short enough. They are very
    // short, because the loss of deep networks with batch normalisation is far from linear.
    [Theory, MemberData(nameof(Names))]
    public void Loss_of_a_small_batch_falls_in_each_of_ten_steps(string name)
    {
        var architecture = Catalog.Find(name);
        int side = Math.Max(64, architecture.SmallestSide);
        var network = architecture.Build(Images, new Shape(architecture.Input[0], side, side), seed: 1, stem: Stem.ImageNet);
        foreach (var dropout in network.Nodes.Where(node => node.Op == "Dropout"))
        {
            network.Initializers[dropout[1]] = Tensor.Scalar(0);
        }

        using var step = new TrainingStep(network, Images, Optimizer.Create("sgd", momentum: 0), clip: 1);
        var random = new SeededRandom(2);
        var batch = step.NewBatch(seed: 0);
        foreach (ref float pixel in batch.Images)
        {
            pixel = random.Uniform(-2, 2);
        }

        for (int i = 0; i < Images; i++)
        {
            batch.Targets[i * Images + i] = 1;
        }

        var losses = new float[Steps];
        for (int number = 1; number <= Steps; number++)
        {
            batch.Stage(number);
            losses[number - 1] = step.Run(batch, learningRate: 1e-4).Loss;
        }

        Assert.All(losses, loss => Assert.True(float.IsFinite(loss)));
        Assert.All(losses.Zip(losses.Skip(1)), pair => Assert.True(pair.Second < pair.First, string.Join(" ", losses)));
    }
}
