using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Training.Optimizers;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Steps;

/// <summary>
/// Runs training steps on a network. It owns the weights, gradients and optimizer state, and two ONNX sessions that read and write them in
/// place: one computes gradients, one updates parameters. Fill <c>Images</c> and <see cref="Targets"/>, then call <see cref="Run"/>.
/// With CUDA, the GPU computes the gradients from weights that are copied to it in each run; the buffers stay in main memory and the CPU
/// updates them.
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
    private readonly GradientAccumulator accumulation;
    private readonly Update update;
    private readonly long seed;

    /// <summary>Prepares a network for steps on batches of <paramref name="batchSize"/> images.</summary>
    /// <param name="network">The network. Training starts from its weights; it is not changed.</param>
    /// <param name="batchSize">The number of images in a step, at least 1.</param>
    /// <param name="optimizer">The rule that updates the parameters.</param>
    /// <param name="layout">The parameters to learn; null learns all of <see cref="ParameterLayout.Learnable"/>.</param>
    /// <param name="microBatch">
    /// The number of images in one run, a divisor of the batch size; null is the whole batch. Smaller runs need less memory.
    /// </param>
    /// <param name="clip">The largest norm of the gradient over all parameters together, over 0; null turns clipping off.</param>
    /// <param name="seed">The seed of dropout's random numbers.</param>
    /// <param name="device">The device that computes the gradients; null is the CPU.</param>
    /// <param name="independentLabels">Whether each output is the logit of a label by itself, as <see cref="GradientGraph"/> says.</param>
    /// <exception cref="FoveaException">An operator between the loss and a parameter has no gradient rule.</exception>
    public TrainingStep(
        Graph network,
        int batchSize,
        Optimizer optimizer,
        ParameterLayout? layout = null,
        int? microBatch = null,
        double? clip = null,
        long seed = 0,
        Device? device = null,
        bool independentLabels = false)
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

        int imagesPerRun = microBatch ?? batchSize;
        var graph = new GradientGraph(
            network, imagesPerRun, Layout.Parameters.ToHashSet(), Layout.Statistics.Count == 0, device is { IsCuda: true },
            independentLabels);
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
        int parts = batchSize / imagesPerRun, imagesSize = (int)graph.Images.Shape.Size, targetsSize = (int)graph.Targets.Shape.Size;
        images = new FloatBuffer((long)parts * imagesSize);
        targets = new FloatBuffer((long)parts * targetsSize);
        for (int part = 0; part < parts; part++)
        {
            microBatches.Add((images.View(part * imagesSize, graph.Images.Shape), targets.View(part * targetsSize, graph.Targets.Shape)));
        }

        BindInputs();
        accumulation = new GradientAccumulator(gradients, Layout.Groups, parts, clip);
        update = new Update(optimizer, Layout.Groups, Weights, gradients, States);
    }

    /// <summary>The positions of parameters and statistics in <see cref="Weights"/>.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>The current values of parameters and running statistics.</summary>
    public FloatBuffer Weights { get; }

    /// <summary>The optimizer's current state: buffers in the order of the parameters.</summary>
    public IReadOnlyList<FloatBuffer> States { get; }

    /// <summary>The batch's images, [N, C, H, W]; the caller fills them before each step.</summary>
    public Span<float> Images => images.Floats;

    /// <summary>The batch's targets, [N, classes]; each row is a distribution. The caller fills them before each step.</summary>
    public Span<float> Targets => targets.Floats;

    /// <summary>Runs one training step on the batch.</summary>
    /// <param name="step">The step's number, from 1. It selects dropout's random numbers and Adam's bias correction.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <returns>The mean loss in nats before the update, and the number of correctly classified images.</returns>
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

    // The run still reads the old statistics while it writes the new statistics, so the new statistics go to a separate buffer and are
    // copied after the run.
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
                // A float has 24 bits of precision, so only 24 random bits are used: more could round up to 1, which the range excludes.
                number = (random.NextBits() >> 40) * (1f / (1 << 24));
            }
        }
    }
}
