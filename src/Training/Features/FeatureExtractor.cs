using Fovea.Models.Graphs;
using Fovea.Models.Rewrites;
using Fovea.Models.Runtime;
using Fovea.Training.Datasets;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Features;

/// <summary>
/// Computes the features of images with a frozen network, in an inference session whose weights are constants on the device. On a CPU the
/// network has the forms in which the service runs it.
/// </summary>
internal sealed class FeatureExtractor : IDisposable
{
    private const int BatchSize = 16;

    private readonly int features;
    private readonly InferenceSession session;
    private readonly RunOptions options = new();

    /// <summary>Opens a session on a network.</summary>
    /// <param name="backbone">The network that computes the features, [N, features].</param>
    /// <param name="features">The number of features of an image.</param>
    /// <param name="device">The device that runs the network.</param>
    public FeatureExtractor(Graph backbone, int features, Device device)
    {
        this.features = features;
        session = OpenRewritten(backbone, device, out var failure) ?? Sessions.Open(backbone, device);
        RewriteFailure = failure;
    }

    /// <summary>
    /// The reason why the network runs unchanged, and not in the form in which the service runs it; null if rewriting did not fail.
    /// </summary>
    public string? RewriteFailure { get; }

    /// <summary>Computes the features of each image, in order. Calls <paramref name="done"/> after each run.</summary>
    /// <param name="dataset">The images.</param>
    /// <param name="done">Receives the number of images of each run.</param>
    /// <param name="stop">Cancels the computation.</param>
    /// <param name="mirrors">Whether to compute the features of each image's mirror image too.</param>
    public FeatureSet Read(Dataset dataset, Action<int> done, CancellationToken stop, bool mirrors = false)
    {
        List<float[]> rows = new(dataset.Count), mirrored = [];
        var image = dataset.Preprocessing.Shape;
        foreach (var batch in new BatchLoader(dataset, BatchSize).InOrder())
        {
            stop.ThrowIfCancellationRequested();
            rows.AddRange(Run(batch, image));
            done(batch.Count);
            if (mirrors)
            {
                for (int row = 0; row < batch.Count * (int)image.Size; row += image[2])
                {
                    batch.Images.AsSpan(row, image[2]).Reverse();
                }

                mirrored.AddRange(Run(batch, image));
                done(batch.Count);
            }
        }

        return new(rows, dataset.Targets, dataset.LabelSets, mirrors ? mirrored : null);
    }

    public void Dispose()
    {
        session.Dispose();
        options.Dispose();
    }

    private static InferenceSession? OpenRewritten(Graph backbone, Device device, out string? failure)
    {
        bool sparesMemory = backbone.Initializers.Values.Sum(tensor => tensor.ByteLength) > ServedFile.LargeBytes;
        failure = null;
        return device.IsCuda ? null : RewritePass.OrNull(
            () => RewritePass.ForServing(backbone, Sessions.Threads, sparesMemory) is { } form ? Sessions.Open(form, device) : null,
            out failure);
    }

    private float[][] Run(TrainingBatch batch, Shape image)
    {
        var found = new float[batch.Count * features];
        using var input = OrtValue.CreateTensorValueFromMemory(
            OrtMemoryInfo.DefaultInstance,
            batch.Images.AsMemory(0, batch.Count * (int)image.Size),
            [batch.Count, .. image.ToInt64()]);
        using var output = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, found.AsMemory(), [batch.Count, features]);
        using var binding = session.CreateIoBinding();
        binding.BindInput(session.InputNames[0], input);
        binding.BindOutput(session.OutputNames[0], output);
        session.RunWithBinding(options, binding);
        return [.. found.Chunk(features)];
    }
}
