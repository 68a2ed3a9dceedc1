using Fovea.Models;

namespace Fovea.Api;

/// <summary>Decodes and classifies images, a few at a time: more at once would only make each of them slower.</summary>
internal sealed class ImageClassifier(Settings settings) : IDisposable
{
    private readonly SemaphoreSlim slots = new(settings.MaxConcurrency);

    /// <summary>Classifies one image file.</summary>
    /// <exception cref="FoveaException">It is no image that can be used.</exception>
    /// <exception cref="OperationCanceledException">The client has gone before its turn came.</exception>
    public async Task<Answer> Classify(ServedModel served, ReadOnlyMemory<byte> image, int top, CancellationToken stop)
    {
        await slots.WaitAsync(stop);
        try
        {
            var classifier = served.Classifier;
            var fitted = Preprocessor.Fit(image, settings.ImageLimits, classifier.Preprocessing);
            var logits = await served.Logits(slot => Preprocessor.Normalize(fitted, classifier.Preprocessing, slot), stop);
            return new(served.Name, served.Version, classifier.Trained, classifier.Predictions(logits, top));
        }
        finally
        {
            slots.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => slots.Dispose();
}
