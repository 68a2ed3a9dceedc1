using Fovea.Models;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training;

/// <summary>
/// A network that learns: weights, gradients and optimizer state, and the two ONNX sessions that read and write them in place. Fill
/// <see cref="Images"/> and <see cref="Targets"/>, then <see cref="Run"/>. On CUDA the gradients are computed there, from weights that are copied in each
/// time, and the update is the CPU's, where all of this lies.
/// </summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly PlannedSession session;
    private readonly OrtIoBinding binding;
    private readonly FloatBuffer images, targets, gradients, statistics;
    private readonly FloatBuffer results = new(2);
    private readonly List<FloatBuffer> noise = [];
    private readonly List<(OrtValue Images, OrtValue Targets)> microBatches = [];
    private readonly string imagesName, targetsName;
    private readonly List<(string Name, OrtValue Value)> inputs = [];
    private readonly bool copiesWhenBound;
    private readonly Accumulation accumulation;
    private readonly Update update;
    private readonly long seed;

    /// <summary>Prepares a network for steps on batches of <paramref name="batchSize"/> images.</summary>
    /// <param name="network">The network, whose weights are where learning begins; it is not changed.</param>
    /// <param name="batchSize">Images in a step.</param>
    /// <param name="optimizer">How parameters move.</param>
    /// <param name="layout">What is learnt; null: all that can be.</param>
    /// <param name="microBatch">Images that are run at once, a divisor of the batch size: their gradients are added up. null: all.</param>
    /// <param name="clip">The gradient's highest norm over all parameters together, to which a larger one is shortened; null: any.</param>
    /// <param name="seed">What dropout is drawn from, with the step's number.</param>
    /// <param name="device">What the gradients are computed on; null: the CPU.</param>
    /// <exception cref="FoveaException">The network holds an operator without a gradient rule.</exception>
    public TrainingStep(
        Graph network, int batchSize, Optimizer optimizer, ParameterLayout? layout = null, int? microBatch = null, double? clip = null, long seed = 0, Device? device = null)
    {
        (this.seed, copiesWhenBound) = (seed, device is { IsCuda: true });
        Layout = layout ?? new ParameterLayout(network);
        Weights = new FloatBuffer(Layout.Length);
        gradients = new FloatBuffer(Layout.ParametersLength);
        statistics = new FloatBuffer(Layout.Length - Layout.ParametersLength);
        States = [.. Enumerable.Range(0, optimizer.States).Select(_ => new FloatBuffer(Layout.ParametersLength))];
        foreach (var (weight, offset) in Layout.Offsets)
        {
            network.Initializers[weight].CopyTo(Weights.Floats[offset..]);
        }

        int imagesAtOnce = microBatch ?? batchSize;
        var graph = new GradientGraph(network, imagesAtOnce, Layout.Parameters.ToHashSet(), frozenStatistics: Layout.Statistics.Count == 0, cuda: device is { IsCuda: true });
        session = new PlannedSession(graph.Graph, device);
        binding = session.CreateBinding();
        BindWeights(graph);
        binding.BindOutput(graph.Loss.Name, results.View(0, Shape.Scalar));
        binding.BindOutput(graph.Correct.Name, results.View(1, Shape.Scalar));
        foreach (var input in graph.Noise)
        {
            noise.Add(new FloatBuffer(input.Shape.Size));
            inputs.Add((input.Name, noise[^1].View(0, input.Shape)));
        }

        (imagesName, targetsName) = (graph.Images.Name, graph.Targets.Name);
        int parts = batchSize / imagesAtOnce, imagesSize = (int)graph.Images.Shape.Size, targetsSize = (int)graph.Targets.Shape.Size;
        images = new FloatBuffer((long)parts * imagesSize);
        targets = new FloatBuffer((long)parts * targetsSize);
        for (int part = 0; part < parts; part++)
        {
            microBatches.Add((images.View(part * imagesSize, graph.Images.Shape), targets.View(part * targetsSize, graph.Targets.Shape)));
        }

        BindInputs();
        accumulation = new Accumulation(gradients, Layout.Groups, parts, clip);
        update = new Update(optimizer, Layout.Groups, Weights, gradients, States);
    }

    /// <summary>Where each parameter and statistic lies.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>The present values of parameters and statistics.</summary>
    public FloatBuffer Weights { get; }

    /// <summary>The optimizer's present state.</summary>
    public IReadOnlyList<FloatBuffer> States { get; }

    /// <summary>The batch to learn from, [N, C, H, W].</summary>
    public Span<float> Images => images.Floats;

    /// <summary>What it ought to be, [N, classes], each row a distribution.</summary>
    public Span<float> Targets => targets.Floats;

    /// <summary>Learns from the batch once. Steps are counted from 1.</summary>
    /// <returns>The mean loss in nats, before the update, and how many images were classified rightly.</returns>
    public (float Loss, int Correct) Run(long step, double learningRate)
    {
        float loss = 0;
        int correct = 0;
        foreach (var (part, (image, target)) in microBatches.Index())
        {
            binding.BindInput(imagesName, image);
            binding.BindInput(targetsName, target);
            FillNoise(step, part);
            if (copiesWhenBound)
            {
                BindInputs();
            }

            session.Run(binding);
            statistics.Floats.CopyTo(Weights.Floats[Layout.ParametersLength..]);
            accumulation.Add(part);
            (loss, correct) = (loss + results.Floats[0] / microBatches.Count, correct + (int)results.Floats[1]);
        }

        accumulation.Finish();
        update.Run(step, learningRate);
        return (loss, correct);
    }

    public void Dispose()
    {
        update.Dispose();
        accumulation.Dispose();
        binding.Dispose();
        session.Dispose();
        foreach (var buffer in States.Concat(noise).Concat([Weights, images, targets, gradients, statistics, results]))
        {
            ((IDisposable)buffer).Dispose();
        }
    }

    // A statistic's successor is written beside it and copied when the run is over: the run still reads the old one.
    private void BindWeights(GradientGraph graph)
    {
        var byName = Layout.Offsets.ToDictionary(weight => weight.Key.Name, weight => weight.Value);
        foreach (var (parameter, gradient) in graph.Parameters.Zip(graph.Gradients))
        {
            inputs.Add((parameter.Name, Weights.View(byName[parameter.Name], parameter.Shape)));
            binding.BindOutput(gradient.Name, gradients.View(byName[parameter.Name], parameter.Shape));
        }

        foreach (var (before, after) in graph.Statistics)
        {
            inputs.Add((before.Name, Weights.View(byName[before.Name], before.Shape)));
            binding.BindOutput(after.Name, statistics.View(byName[before.Name] - Layout.ParametersLength, after.Shape));
        }
    }

    private void BindInputs()
    {
        foreach (var (name, value) in inputs)
        {
            binding.BindInput(name, value);
        }
    }

    private void FillNoise(long step, int part)
    {
        for (int i = 0; i < noise.Count; i++)
        {
            var random = new SeededRandom(seed, step, part, i);
            foreach (ref float number in noise[i].Floats)
            {
                // 24 bits are what a float holds, so 1 is never reached.
                number = (random.NextBits() >> 40) * (1f / (1 << 24));
            }
        }
    }
}
