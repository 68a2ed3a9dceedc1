using Fovea.Models;

namespace Fovea.Api;

/// <summary>Decodes and classifies images, a few at a time: more at once would only make each of them slower.</summary>
internal sealed class ImageClassifier(Settings settings) : IDisposable
{
    private readonly SemaphoreSlim slots = new(settings.MaxConcurrency);

    /// <summary>Classifies one image file.</summary>
    /// <exception cref="FoveaException">It is no image that can be used.</exception>
    /// <exception cref="OperationCanceledException">The client has gone before its turn came.</exception>
    public async Task<Answer> Classify(Served served, ReadOnlyMemory<byte> image, int top, CancellationToken stop)
    {
        await slots.WaitAsync(stop);
        try
        {
            var predictions = served.Classifier.Classify(image, settings.ImageLimits, top);
            return new(served.Version.Model, served.Version.Number, served.Classifier.Trained, predictions);
        }
        finally
        {
            slots.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => slots.Dispose();
}
