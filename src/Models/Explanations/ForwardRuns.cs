using System.Numerics.Tensors;
using Fovea.Models.Errors;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Explanations;

/// <summary>Runs a model on modified copies of one image. Several threads may use it at the same time.</summary>
internal sealed class ForwardRuns : IDisposable
{
    private const int BatchSize = 8;

    private readonly Classifier model;
    private readonly ModelSession session;
    private readonly int size, batch;

    /// <summary>Opens a session.</summary>
    /// <param name="model">The model.</param>
    /// <param name="spread">Whether a run uses all cores; if false, it stays on the calling thread.</param>
    /// <exception cref="FoveaException">The file has changed since it was loaded.</exception>
    public ForwardRuns(Classifier model, bool spread)
    {
        this.model = model;
        (size, batch) = ((int)model.Input.Size, model.FixedBatch ?? BatchSize);
        session = model.Open(new SessionKind(spread))!;
    }

    /// <summary>The probability of a class in each of many images.</summary>
    /// <param name="count">The number of images.</param>
    /// <param name="draw">Writes image i, [C, H, W]. Called for each i, in order.</param>
    /// <param name="target">The index of the class.</param>
    /// <param name="stop">Cancels the work between two runs.</param>
    public double[] Probabilities(int count, Action<int, Span<float>> draw, int target, CancellationToken stop)
    {
        var found = new double[count];
        int next = 0;
        Run(count, draw, logits => found[next++] = model.Probabilities(logits)[target], stop);
        return found;
    }

    /// <summary>The logits of one image, [classes]. If the network outputs probabilities, their logarithms.</summary>
    public float[] Logits(float[] image)
    {
        float[] found = [];
        Run(1, (_, target) => image.CopyTo(target), logits => found = logits.ToArray(), CancellationToken.None);
        return found;
    }

    public void Dispose() => session.Dispose();

    private void Run(int count, Action<int, Span<float>> draw, Action<ReadOnlySpan<float>> answer, CancellationToken stop)
    {
        using var options = new RunOptions();
        for (int first = 0; first < count; first += batch)
        {
            stop.ThrowIfCancellationRequested();
            int taken = Math.Min(batch, count - first);
            var images = new float[(model.FixedBatch ?? taken) * size];
            for (int i = 0; i < taken; i++)
            {
                draw(first + i, images.AsSpan(i * size, size));
            }

            using var input = OrtValue.CreateTensorValueFromMemory(images, [images.Length / size, .. model.Input.ToInt64()]);
            using var outputs = session.Inner.Run(options, [model.InputName], [input], [model.OutputName]);
            var logits = outputs[0].GetTensorMutableDataAsSpan<float>();
            if (model.GivesProbabilities)
            {
                TensorPrimitives.Log(logits, logits);
            }

            for (int i = 0; i < taken; i++)
            {
                answer(logits.Slice(i * model.Classes, model.Classes));
            }
        }
    }
}
