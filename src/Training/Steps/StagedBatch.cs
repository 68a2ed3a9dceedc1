using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Steps;

/// <summary>
/// A batch of a <see cref="TrainingStep"/>: images, targets and dropout's random numbers in staging memory, and bindings of the gradient
/// graph to them. The caller fills <see cref="Images"/> and <see cref="Targets"/>, and <see cref="Stage"/> copies them to the device. Two
/// batches allow that one is filled and staged, on another thread, while the other runs.
/// </summary>
internal sealed class StagedBatch : IDisposable
{
    private readonly FloatBuffer images, targets;
    private readonly List<FloatBuffer> noise = [];
    private readonly List<Part> parts = [];
    private readonly long seed;

    /// <summary>Allocates a batch, initially zero.</summary>
    /// <param name="inputs">The gradient graph's inputs for one micro-batch: images, targets, and then noise for dropout.</param>
    /// <param name="bindings">A binding for each micro-batch, to which the batch adds its inputs.</param>
    /// <param name="memory">The memory of the device that runs the graph.</param>
    /// <param name="seed">The seed of dropout's random numbers.</param>
    public StagedBatch(
        IReadOnlyList<(string Name, Shape Shape)> inputs, IReadOnlyList<BufferBinding> bindings, DeviceMemory memory, long seed)
    {
        this.seed = seed;
        images = FloatBuffer.Staging(bindings.Count * inputs[0].Shape.Size, memory);
        targets = FloatBuffer.Staging(bindings.Count * inputs[1].Shape.Size, memory);
        foreach (var (number, binding) in bindings.Index())
        {
            var values = new List<(string Name, OrtValue Value)>();
            foreach (var ((name, shape), buffer) in inputs.Zip([images, targets]))
            {
                values.Add((name, buffer.View(number * (int)shape.Size, shape)));
            }

            foreach (var (name, shape) in inputs.Skip(2))
            {
                noise.Add(FloatBuffer.Staging(shape.Size, memory));
                values.Add((name, noise[^1].View(0, shape)));
            }

            parts.Add(new(binding, values));
        }
    }

    /// <summary>The images, [N, C, H, W].</summary>
    public Span<float> Images => images.Floats;

    /// <summary>The targets, [N, classes]; each row is a distribution.</summary>
    public Span<float> Targets => targets.Floats;

    /// <summary>The number of the step for which the batch is staged, from 1; 0 before the first <see cref="Stage"/>.</summary>
    public long Step { get; private set; }

    /// <summary>The bindings of the micro-batches.</summary>
    public IEnumerable<BufferBinding> Bindings => parts.Select(part => part.Binding);

    /// <summary>The values in staging memory, with the names of the inputs.</summary>
    public IEnumerable<(string Name, OrtValue Value)> Staged => parts.SelectMany(part => part.Inputs);

    /// <summary>
    /// Makes dropout's random numbers for a step, and copies the batch to the device. On a device with its own memory, the copies are
    /// complete when the method returns.
    /// </summary>
    /// <param name="step">The step's number, from 1. It selects dropout's random numbers and Adam's bias correction.</param>
    public void Stage(long step)
    {
        Step = step;
        FillNoise();
        foreach (var (binding, inputs) in parts)
        {
            foreach (var (name, value) in inputs)
            {
                binding.Bind(name, value);
            }

            // The caller may overwrite the staging memory after this.
            binding.Wait();
        }
    }

    public void Dispose()
    {
        foreach (var part in parts)
        {
            part.Binding.Dispose();
        }

        foreach (var buffer in noise.Append(images).Append(targets))
        {
            ((IDisposable)buffer).Dispose();
        }
    }

    private void FillNoise()
    {
        int inputs = noise.Count / parts.Count;
        foreach (var (number, buffer) in noise.Index())
        {
            var random = new SeededRandom(seed, Step, number / inputs, number % inputs);
            foreach (ref float value in buffer.Floats)
            {
                // A float has 24 bits of precision, so only 24 random bits are used: more could round up to 1, which the range excludes.
                value = (random.NextBits() >> 40) * (1f / (1 << 24));
            }
        }
    }

    private sealed record Part(BufferBinding Binding, IReadOnlyList<(string Name, OrtValue Value)> Inputs);
}
