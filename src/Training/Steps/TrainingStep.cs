using Fovea.Models;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training;

/// <summary>
/// A network that learns: parameters, gradients and optimizer state, and the two ONNX sessions that read and write them in place. Fill
/// <see cref="Images"/> and <see cref="Targets"/>, then <see cref="Run"/>.
/// </summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly InferenceSession session;
    private readonly OrtIoBinding binding;
    private readonly RunOptions options = new();
    private readonly FloatBuffer images, targets, gradients;
    private readonly FloatBuffer results = new(2);
    private readonly Update update;

    public TrainingStep(Graph network, int batchSize, Optimizer optimizer)
    {
        Layout = new ParameterLayout(network);
        Parameters = new FloatBuffer(Layout.Length);
        gradients = new FloatBuffer(Layout.Length);
        States = [.. Enumerable.Range(0, optimizer.States).Select(_ => new FloatBuffer(Layout.Length))];
        foreach (var (parameter, offset) in Layout.Offsets)
        {
            network.Initializers[parameter].Floats.CopyTo(Parameters.Floats[offset..]);
        }

        var graph = new GradientGraph(network, batchSize);
        images = new FloatBuffer(graph.Images.Shape.Size);
        targets = new FloatBuffer(graph.Targets.Shape.Size);
        session = Sessions.Open(graph.Graph);
        binding = session.CreateIoBinding();
        binding.BindInput(graph.Images.Name, images.View(0, graph.Images.Shape));
        binding.BindInput(graph.Targets.Name, targets.View(0, graph.Targets.Shape));
        binding.BindOutput(graph.Loss.Name, results.View(0, Shape.Scalar));
        binding.BindOutput(graph.Correct.Name, results.View(1, Shape.Scalar));
        foreach (var (parameter, gradient, offset) in graph.Parameters.Zip(graph.Gradients, Layout.Offsets.Values))
        {
            binding.BindInput(parameter.Name, Parameters.View(offset, parameter.Shape));
            binding.BindOutput(gradient.Name, gradients.View(offset, parameter.Shape));
        }

        update = new Update(optimizer, Parameters, gradients, States);
    }

    /// <summary>Where each parameter lies.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>The parameters' present values.</summary>
    public FloatBuffer Parameters { get; }

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
        session.RunWithBinding(options, binding);
        update.Run(step, learningRate);
        return (results.Floats[0], (int)results.Floats[1]);
    }

    public void Dispose()
    {
        update.Dispose();
        binding.Dispose();
        session.Dispose();
        options.Dispose();
        foreach (var buffer in States.Append(Parameters).Append(images).Append(targets).Append(gradients).Append(results))
        {
            ((IDisposable)buffer).Dispose();
        }
    }
}
