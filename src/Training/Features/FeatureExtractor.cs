using System.Runtime.ExceptionServices;
using Fovea.Models.Graphs;
using Fovea.Models.Rewrites;
using Fovea.Models.Runtime;
using Fovea.Training.Datasets;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Features;

/// <summary>
/// Computes the features of images with a frozen network, in an inference session whose weights are constants on the device. On a CPU the
/// network has the forms in which the service runs it, and there are as many threads as cores: each decodes a batch, runs the network on it
/// alone and takes the next batch, so that no core waits for another one. Which thread runs a batch does not change its features.
/// </summary>
internal sealed class FeatureExtractor : IDisposable
{
    // The sizes are fixed, because the number of images in a run can change the rounding. Small batches keep all cores busy to the end.
    private const int BatchSize = 16, BatchOfOneCore = 4;

    private readonly int features;
    private readonly bool runsSideBySide;
    private readonly InferenceSession session;
    private readonly RunOptions options = new();

    /// <summary>Opens a session on a network.</summary>
    /// <param name="backbone">The network that computes the features, [N, features].</param>
    /// <param name="features">The number of features of an image.</param>
    /// <param name="device">The device that runs the network.</param>
    public FeatureExtractor(Graph backbone, int features, Device device)
    {
        // Each run beside another one reads the weights once more, and for large weights this takes most of the time.
        bool isLarge = backbone.Initializers.Values.Sum(tensor => tensor.ByteLength) > ServedFile.LargeBytes;
        this.features = features;
        runsSideBySide = !device.IsCuda && !isLarge;
        session = OpenRewritten(backbone, device, isLarge, out var failure) ?? Sessions.Open(backbone, device, runsSideBySide);
        RewriteFailure = failure;
    }

    /// <summary>
    /// The reason why the network runs unchanged, and not in the form in which the service runs it; null if rewriting did not fail.
    /// </summary>
    public string? RewriteFailure { get; }

    /// <summary>Computes the features of each image, in order. Calls <paramref name="done"/> after each run.</summary>
    /// <param name="dataset">The images.</param>
    /// <param name="done">Receives the number of images of each run, from one thread at a time.</param>
    /// <param name="stop">Cancels the computation.</param>
    /// <param name="mirrors">Whether to compute the features of each image's mirror image too.</param>
    public FeatureSet Read(Dataset dataset, Action<int> done, CancellationToken stop, bool mirrors = false)
    {
        var rows = new float[dataset.Count][];
        var mirrored = mirrors ? new float[dataset.Count][] : null;
        if (runsSideBySide)
        {
            ReadSideBySide(dataset, rows, mirrored, done, stop);
        }
        else
        {
            int first = 0;
            foreach (var batch in new BatchLoader(dataset, BatchSize).InOrder())
            {
                stop.ThrowIfCancellationRequested();
                Run(batch.Images, first, batch.Count, dataset.Preprocessing.Shape, rows, mirrored, done);
                first += batch.Count;
            }
        }

        return new(rows, dataset.Targets, dataset.LabelSets, mirrored);
    }

    public void Dispose()
    {
        session.Dispose();
        options.Dispose();
    }

    private InferenceSession? OpenRewritten(Graph backbone, Device device, bool sparesMemory, out string? failure)
    {
        failure = null;
        int threads = runsSideBySide ? 1 : Sessions.Threads;
        return device.IsCuda ? null : RewritePass.OrNull(
            () => RewritePass.ForServing(backbone, threads, sparesMemory) is { } form ? Sessions.Open(form, device, runsSideBySide) : null,
            out failure);
    }

    // The cores take the batches in order, and finish those that they have begun. So if several images cannot be read, the error names the
    // first of them, whichever core is faster.
    private void ReadSideBySide(Dataset dataset, float[][] rows, float[][]? mirrored, Action<int> done, CancellationToken stop)
    {
        var image = dataset.Preprocessing.Shape;
        int size = (int)image.Size, batches = (dataset.Count + BatchOfOneCore - 1) / BatchOfOneCore, begun = 0;
        var gate = new Lock();
        (int Batch, ExceptionDispatchInfo Error)? failure = null;
        Parallel.For(0, Math.Min(batches, Environment.ProcessorCount), (_, others) =>
        {
            var images = new float[BatchOfOneCore * size];
            while (!others.IsStopped && Interlocked.Increment(ref begun) - 1 is var batch && batch < batches)
            {
                try
                {
                    stop.ThrowIfCancellationRequested();
                    int first = batch * BatchOfOneCore, count = Math.Min(BatchOfOneCore, dataset.Count - first);
                    for (int i = 0; i < count; i++)
                    {
                        dataset.Read(first + i, images.AsSpan(i * size, size));
                    }

                    Run(images, first, count, image, rows, mirrored, Tell);
                }
                catch (Exception e)
                {
                    lock (gate)
                    {
                        failure = failure is { } earlier && earlier.Batch < batch ? earlier : (batch, ExceptionDispatchInfo.Capture(e));
                    }

                    others.Stop();
                }
            }
        });
        stop.ThrowIfCancellationRequested();
        failure?.Error.Throw();

        void Tell(int images)
        {
            lock (gate)
            {
                done(images);
            }
        }
    }

    // Runs the network on a batch, whose first image has this index, and if asked for on the mirror images, which replace the images.
    private void Run(
        float[] images, int first, int count, Shape image, float[][] rows, float[][]? mirrored, Action<int> done)
    {
        Run(images, count, image).CopyTo(rows, first);
        done(count);
        if (mirrored is not null)
        {
            for (int row = 0; row < count * (int)image.Size; row += image[2])
            {
                images.AsSpan(row, image[2]).Reverse();
            }

            Run(images, count, image).CopyTo(mirrored, first);
            done(count);
        }
    }

    private float[][] Run(float[] images, int count, Shape image)
    {
        var found = new float[count * features];
        using var input = OrtValue.CreateTensorValueFromMemory(
            OrtMemoryInfo.DefaultInstance, images.AsMemory(0, count * (int)image.Size), [count, .. image.ToInt64()]);
        using var output = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, found.AsMemory(), [count, features]);
        using var binding = session.CreateIoBinding();
        binding.BindInput(session.InputNames[0], input);
        binding.BindOutput(session.OutputNames[0], output);
        session.RunWithBinding(options, binding);
        return [.. found.Chunk(features)];
    }
}
