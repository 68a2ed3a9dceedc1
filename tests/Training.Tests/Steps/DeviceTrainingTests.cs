using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Training.Optimizers;
using Fovea.Training.Runs;
using Fovea.Training.Steps;

namespace Fovea.Training.Tests.Steps;

/// <summary>Training whose values stay on a device.</summary>
public class DeviceTrainingTests
{
    private const int BatchSize = 6, Classes = 10;

    public static TheoryData<string> Names => Devices.Names;

    public static TheoryData<string, string, int?, double?> Cases => new(
        from name in Devices.Names
        from optimizer in Optimizer.Names.Append("momentum").Append("nesterov")
        from setting in new (int?, double?)[] { (null, null), (2, 1e9), (3, 0.5) }
        select (name.Data, optimizer, setting.Item1, setting.Item2));

    [Theory, MemberData(nameof(Names))]
    public void Values_stay_on_the_device_and_batches_in_staging_memory(string name)
    {
        var device = Devices.Find(name);
        var network = SmallNetwork();
        using var step = new TrainingStep(network, BatchSize, Optimizer.Create("adam"), microBatch: 3, clip: 1, device: device);
        using var average = new WeightAverage(step.Weights, 0.9, step.Memory);
        using var forward = new ForwardPass(network, step.Layout, average.Values, step.Memory);
        var batch = step.NewBatch(seed: 0);
        string here = Devices.MemoryName(device), staging = Devices.StagingName(device);
        var results = batch.Bindings.First().Outputs.Where(output => output.Value.GetTensorTypeAndShape().Shape.Length == 0).ToArray();
        string[] onHost = ["rate_0", "rate_1", "rate_2", .. results.Select(result => result.Name)];
        var bindings = step.Bindings.Concat(batch.Bindings).Append(forward.Binding).ToArray();

        Assert.All(step.States.Append(step.Weights).Append(average.Values), b => Assert.Equal(device.SharesMainMemory, b.IsInMainMemory));
        Assert.Equal(2, results.Length);
        Assert.All(bindings.SelectMany(b => b.Inputs.Concat(b.Outputs)), bound => Assert.Equal(
            onHost.Contains(bound.Name) ? "Cpu" : here, bound.Value.GetTensorMemoryInfo().Name));
        Assert.Equal(2 * 3, batch.Staged.Count());
        Assert.All(batch.Staged, value => Assert.Equal(staging, value.Value.GetTensorMemoryInfo().Name));
    }

    [Theory, MemberData(nameof(Cases))]
    public void Steps_on_a_device_end_with_the_weights_of_the_cpu(string name, string optimizer, int? microBatch, double? clip)
    {
        var device = Devices.Find(name);
        var (expected, expectedAverage, expectedLogits) = Learn(Device.Cpu, optimizer, microBatch, clip);
        var (weights, average, logits) = Learn(device, optimizer, microBatch, clip);
        // A graph rounds the norm and the average otherwise than the CPU's vectors.
        float rounding = device.SharesMainMemory ? 0 : 1e-5f;
        AssertEqual(expected, weights, clip == 0.5 ? rounding : 0);
        AssertEqual(expectedAverage, average, rounding);
        AssertEqual(expectedLogits, logits, rounding);
        Assert.NotEqual(expected, expectedAverage);

        void AssertEqual(float[] right, float[] found, float tolerance) => Assert.All(
            right.Zip(found), pair => Assert.Equal(pair.First, pair.Second, Math.Max(Devices.Tolerance(device), tolerance)));
    }

    // Batch normalisation has statistics, and dropout has noise. The convolution has no bias: batch normalisation removes it, so its
    // gradient would be nothing but rounding, which Adam would magnify.
    private static Graph SmallNetwork()
    {
        var graph = new Graph("small");
        var net = new Network(graph, seed: 1);
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 1, 12, 12));
        x = net.Dropout(net.Relu(net.BatchNorm(net.Conv(x, 4, kernel: 3, bias: false))), 0.5f);
        graph.Output(net.Logits(net.Flatten(x), Classes));
        return graph;
    }

    // The weights, their average and the logits of the average after three steps.
    private static (float[] Weights, float[] Average, float[] Logits) Learn(Device device, string name, int? microBatch, double? clip)
    {
        var optimizer = name switch
        {
            "sgd" => Optimizer.Create("sgd", momentum: 0, weightDecay: 0.01),
            "momentum" => Optimizer.Create("sgd"),
            "nesterov" => Optimizer.Create("sgd", nesterov: true),
            _ => Optimizer.Create(name, weightDecay: 0.01),
        };
        var network = SmallNetwork();
        using var step = new TrainingStep(network, BatchSize, optimizer, microBatch: microBatch, clip: clip, device: device);
        using var average = new WeightAverage(step.Weights, 0.9, step.Memory);
        using var forward = new ForwardPass(network, step.Layout, average.Values, step.Memory);
        StagedBatch[] batches = [step.NewBatch(seed: 0), step.NewBatch(seed: 0)];
        float[] images = [], logits = new float[BatchSize * Classes];
        var random = new SeededRandom(2);
        for (int number = 1; number <= 3; number++)
        {
            var batch = batches[number % 2];
            foreach (ref float pixel in batch.Images)
            {
                pixel = random.Uniform(-1, 1);
            }

            batch.Targets.Clear();
            for (int i = 0; i < BatchSize; i++)
            {
                batch.Targets[i * Classes + (i + number) % Classes] = 1;
            }

            batch.Stage(number);
            step.Run(batch, learningRate: 0.01);
            average.Add(number);
            images = batch.Images.ToArray();
        }

        forward.Run(images, BatchSize, logits);
        using FloatBuffer weights = step.Weights.ToMainMemory(), mean = average.Values.ToMainMemory();
        return (weights.Floats.ToArray(), mean.Floats.ToArray(), logits);
    }
}
