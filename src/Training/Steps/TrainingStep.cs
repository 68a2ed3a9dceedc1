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
    private readonly FloatBuffer images, targets, gradients, noise;
    private readonly FloatBuffer results = new(2), newStatistics;
    private readonly Update update;

    public TrainingStep(Graph network, int batchSize, Optimizer optimizer)
    {
        Layout = new ParameterLayout(network);
        Parameters = new FloatBuffer(Layout.Length);
        gradients = new FloatBuffer(Layout.Length);
        States = [.. Enumerable.Range(0, optimizer.States).Select(_ => new FloatBuffer(Layout.Length))];
        foreach (var (parameter, offset) in Layout.Offsets)
        {
            network.Initializers[parameter].CopyTo(Parameters.Floats[offset..]);
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

        noise = new FloatBuffer(graph.Noise.Sum(n => n.Shape.Size));
        int at = 0;
        foreach (var input in graph.Noise)
        {
            binding.BindInput(input.Name, noise.View(at, input.Shape));
            at += (int)input.Shape.Size;
        }

        // Successors are written beside the values that they follow, which the graph may still be reading.
        Statistics = new FloatBuffer(graph.Statistics.Sum(s => s.Before.Shape.Size));
        newStatistics = new FloatBuffer(Statistics.Length);
        at = 0;
        foreach (var (before, after) in graph.Statistics)
        {
            network.Initializers.First(i => i.Key.Name == before.Name).Value.Floats.CopyTo(Statistics.Floats[at..]);
            binding.BindInput(before.Name, Statistics.View(at, before.Shape));
            binding.BindOutput(after.Name, newStatistics.View(at, after.Shape));
            at += (int)before.Shape.Size;
        }

        update = new Update(optimizer, Parameters, gradients, States);
    }

    /// <summary>Where each parameter lies.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>The parameters' present values.</summary>
    public FloatBuffer Parameters { get; }

    /// <summary>The running statistics' present values.</summary>
    public FloatBuffer Statistics { get; }

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
        var random = new SeededRandom(0, step);
        foreach (ref float number in noise.Floats)
        {
            number = random.Uniform(0, 1);
        }

        session.RunWithBinding(options, binding);
        newStatistics.Floats.CopyTo(Statistics.Floats);
        update.Run(step, learningRate);
        return (results.Floats[0], (int)results.Floats[1]);
    }

    public void Dispose()
    {
        update.Dispose();
        binding.Dispose();
        session.Dispose();
        options.Dispose();
        foreach (var buffer in States.Append(Parameters).Append(images).Append(targets).Append(gradients).Append(results).Append(noise).Append(Statistics).Append(newStatistics))
        {
            ((IDisposable)buffer).Dispose();
        }
    }
}
