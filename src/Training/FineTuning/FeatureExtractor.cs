using Fovea.Models;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training;

/// <summary>Runs a frozen network over images once, up to its features: an ordinary session, whose weights are constants.</summary>
internal sealed class FeatureExtractor(Graph backbone, int features, Device device) : IDisposable
{
    private const int BatchSize = 16;

    private readonly InferenceSession session = Sessions.Open(backbone, device);
    private readonly RunOptions options = new();

    /// <summary>The features of each image, in order. <paramref name="done"/> is told how many more images are done.</summary>
    public FeatureSet Read(Dataset dataset, Action<int> done, CancellationToken stop)
    {
        var rows = new List<float[]>(dataset.Count);
        var image = dataset.Preprocessing.Shape;
        var found = new float[BatchSize * features];
        foreach (var batch in new BatchLoader(dataset, BatchSize).InOrder())
        {
            stop.ThrowIfCancellationRequested();
            using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, batch.Images.AsMemory(0, batch.Count * (int)image.Size), [batch.Count, .. image.ToInt64()]);
            using var output = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, found.AsMemory(0, batch.Count * features), [batch.Count, features]);
            session.Run(options, session.InputNames, [input], session.OutputNames, [output]);
            rows.AddRange(Enumerable.Range(0, batch.Count).Select(i => found[(i * features)..((i + 1) * features)]));
            done(batch.Count);
        }

        return new(rows, dataset.Targets);
    }

    public void Dispose()
    {
        session.Dispose();
        options.Dispose();
    }
}
