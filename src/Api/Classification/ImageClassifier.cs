using System.Diagnostics;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>The way of an image: header, decoding, its slot of a batch, the likeliest classes.</summary>
internal sealed class ImageClassifier(Settings limits, ServingSettings settings, DecodingBudget budget, Metrics metrics)
{
    /// <summary>Classifies one image file.</summary>
    /// <exception cref="FoveaException">It is no image that can be used, or its answer took longer than <see cref="ServingSettings.DeadlineSeconds"/>.</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async Task<Answer> Classify(ServedModel served, ReadOnlyMemory<byte> image, int top, CancellationToken stop)
    {
        var logits = await InTime(deadline => Logits(served, image, deadline), stop);
        metrics.Answered(served.Name, reason: null);
        return new(served.Name, served.Version, served.Classifier.Trained, served.Classifier.Predictions(logits, top));
    }

    /// <summary>The logits of one image file.</summary>
    /// <exception cref="FoveaException">It is no image that can be used.</exception>
    /// <exception cref="OperationCanceledException">The client has gone, or time is up.</exception>
    public async Task<float[]> Logits(ServedModel served, ReadOnlyMemory<byte> image, CancellationToken stop)
    {
        var preprocessing = served.Classifier.Preprocessing;
        long start = Stopwatch.GetTimestamp();
        using var encoded = EncodedImage.Open(image, limits.ImageLimits);
        var fitted = await Decode(encoded, preprocessing, stop);
        metrics.Stage("decode", served.Name, start);
        return await served.Logits(slot => Preprocessor.Normalize(fitted, preprocessing, slot), stop);
    }

    /// <summary>Does something within <see cref="ServingSettings.DeadlineSeconds"/>.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.DeadlineExceeded"/>: it took longer.</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async Task<T> InTime<T>(Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(settings.DeadlineSeconds));
        try
        {
            return await work(deadline.Token);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new FoveaException(ErrorCode.DeadlineExceeded, $"The answer took longer than the {settings.DeadlineSeconds} s allowed.", e);
        }
    }

    private async ValueTask<Pixels> Decode(EncodedImage encoded, Preprocessing preprocessing, CancellationToken stop)
    {
        using var share = await budget.Take(encoded.BytesToDecode(Preprocessor.LeastSide(preprocessing)), stop);
        return Preprocessor.Fit(encoded, preprocessing);
    }
}
