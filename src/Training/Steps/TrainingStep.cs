using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Fovea.Training.Optimizers;

namespace Fovea.Training.Steps;

/// <summary>
/// Runs training steps on a network. It owns the weights, gradients and optimizer state, which stay on the device: one graph computes
/// gradients, others add up, clip and update in place. Fill a batch, stage it, then call <see cref="Run"/>.
/// </summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly PlannedSession session;
    private readonly FloatBuffer statistics;
    private readonly (string Name, Shape Shape)[] batchInputs;
    private readonly (string Name, FloatBuffer Buffer, int Offset, Shape Shape)[] inputs, outputs;
    private readonly (string Name, int Offset, Shape Shape)[] gradients;
    private readonly FloatBuffer results = new(2);
    private readonly List<StagedBatch> batches = [];
    private readonly GradientAccumulator accumulation;
    private readonly Update update;
    private readonly int parts;

    /// <summary>Prepares a network for steps on batches of <paramref name="batchSize"/> images.</summary>
    /// <param name="network">The network. Training starts from its weights; it is not changed.</param>
    /// <param name="batchSize">The number of images in a step, at least 1.</param>
    /// <param name="optimizer">The rule that updates the parameters.</param>
    /// <param name="layout">The parameters to learn; null learns all of <see cref="ParameterLayout.Learnable"/>.</param>
    /// <param name="microBatch">
    /// The number of images in one run, a divisor of the batch size; null is the whole batch. Smaller runs need less memory.
    /// </param>
    /// <param name="clip">The largest norm of the gradient over all parameters together, over 0; null turns clipping off.</param>
    /// <param name="device">The device that computes and keeps the weights; null is the CPU.</param>
    /// <param name="independentLabels">Whether each output is the logit of a label by itself, as <see cref="GradientGraph"/> says.</param>
    /// <exception cref="FoveaException">An operator between the loss and a parameter has no gradient rule.</exception>
    public TrainingStep(
        Graph network,
        int batchSize,
        Optimizer optimizer,
        ParameterLayout? layout = null,
        int? microBatch = null,
        double? clip = null,
        Device? device = null,
        bool independentLabels = false)
    {
        Memory = new DeviceMemory(device ?? Device.Cpu);
        Layout = layout ?? new ParameterLayout(network);
        int imagesPerRun = microBatch ?? batchSize;
        parts = batchSize / imagesPerRun;
        Weights = Start(network);
        statistics = new FloatBuffer(Layout.Length - Layout.ParametersLength, Memory);
        States = [.. Enumerable.Range(0, optimizer.States).Select(_ => new FloatBuffer(Layout.ParametersLength, Memory))];
        accumulation = GradientAccumulator.Create(Layout.Groups, parts, clip, Memory);
        var graph = new GradientGraph(
            network, imagesPerRun, Layout.Parameters.ToHashSet(), Layout.Statistics.Count == 0, Memory.Device.IsCuda, independentLabels);
        session = new PlannedSession(graph.Graph, device);
        update = new Update(optimizer, Layout.Groups, Weights, accumulation.Sum, States, Memory, accumulation.Scale);

        batchInputs = [.. graph.Noise.Prepend(graph.Targets).Prepend(graph.Images).Select(input => (input.Name, input.Shape))];
        var offsets = Layout.Offsets.ToDictionary(weight => weight.Key.Name, weight => weight.Value);
        inputs = [.. graph.Parameters.Concat(graph.Statistics.Select(s => s.Before)).Select(
            weight => (weight.Name, Weights, offsets[weight.Name], weight.Shape))];
        outputs =
        [
            .. graph.Statistics.Select(s => (s.After.Name, statistics, offsets[s.Before.Name] - Layout.ParametersLength, s.After.Shape)),
            (graph.Loss.Name, results, 0, Shape.Scalar),
            (graph.Correct.Name, results, 1, Shape.Scalar),
        ];
        gradients = [.. graph.Parameters.Zip(graph.Gradients, (p, gradient) => (gradient.Name, offsets[p.Name], p.Shape))];
    }

    /// <summary>The memory in which weights, gradients and optimizer state are.</summary>
    public DeviceMemory Memory { get; }

    /// <summary>The positions of parameters and statistics in <see cref="Weights"/>.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>The current values of parameters and running statistics.</summary>
    public FloatBuffer Weights { get; }

    /// <summary>The optimizer's current state: buffers in the order of the parameters.</summary>
    public IReadOnlyList<FloatBuffer> States { get; }

    /// <summary>The bindings of all graphs but those of the batches.</summary>
    public IEnumerable<BufferBinding> Bindings => accumulation.Blocks.Concat(update.Blocks);

    /// <summary>Allocates a batch for this step. The step disposes it.</summary>
    /// <param name="seed">The seed of dropout's random numbers. It has no effect on networks without dropout.</param>
    public StagedBatch NewBatch(long seed)
    {
        var batch = new StagedBatch(batchInputs, [.. Enumerable.Range(0, parts).Select(NewBinding)], Memory, seed);
        batches.Add(batch);
        return batch;
    }

    /// <summary>Runs one training step on a batch.</summary>
    /// <param name="batch">A staged batch of this step.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <returns>The mean loss in nats before the update, and the number of correctly classified images.</returns>
    public (float Loss, int Correct) Run(StagedBatch batch, double learningRate)
    {
        float loss = 0;
        int correct = 0;
        foreach (var (part, binding) in batch.Bindings.Index())
        {
            binding.Refresh();
            session.Run(binding.Inner);
            statistics.CopyTo(Weights, Layout.ParametersLength);
            if (part > 0)
            {
                accumulation.Add();
            }

            (loss, correct) = (loss + results.Floats[0] / parts, correct + (int)results.Floats[1]);
        }

        accumulation.Finish();
        update.Run(batch.Step, learningRate);
        return (loss, correct);
    }

    public void Dispose()
    {
        update.Dispose();
        accumulation.Dispose();
        batches.ForEach(batch => batch.Dispose());
        session.Dispose();
        foreach (var buffer in States.Concat([Weights, statistics, results]))
        {
            ((IDisposable)buffer).Dispose();
        }

        Memory.Dispose();
    }

    private FloatBuffer Start(Graph network)
    {
        var start = new FloatBuffer(Layout.Length);
        foreach (var (weight, offset) in Layout.Offsets)
        {
            network.Initializers[weight].CopyTo(start.Floats[offset..]);
        }

        if (Memory.IsMain)
        {
            return start;
        }

        var weights = new FloatBuffer(Layout.Length, Memory);
        start.CopyTo(weights);
        ((IDisposable)start).Dispose();
        return weights;
    }

    // Binds a micro-batch. The first one writes its gradients into the sum. The run still reads the old statistics while it writes the new
    // statistics, so the new statistics go to a separate buffer and are copied after the run.
    private BufferBinding NewBinding(int part)
    {
        var binding = new BufferBinding(session.CreateBinding(), Memory);
        foreach (var (name, buffer, offset, shape) in inputs)
        {
            binding.Input(name, buffer.View(offset, shape));
        }

        var to = part == 0 ? accumulation.Sum : accumulation.Part;
        foreach (var (name, buffer, offset, shape) in outputs.Concat(gradients.Select(g => (g.Name, to, g.Offset, g.Shape))))
        {
            binding.Output(name, buffer.View(offset, shape));
        }

        return binding;
    }
}
