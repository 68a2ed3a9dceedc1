using System.Diagnostics;
using System.Numerics.Tensors;
using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;

namespace Fovea.Api.Classification;

/// <summary>
/// Classifies images: reads an image's header, decodes it, runs the model in a batch with other images, and returns the likeliest classes.
/// </summary>
internal sealed class ImageClassifier(Settings limits, ServingSettings settings, DecodingBudget budget, Metrics metrics)
{
    // A source that was not cancelled, for the next request on this thread. A new one with its timer takes 300 bytes.
    [ThreadStatic]
    private static CancellationTokenSource? spare;

    /// <summary>Classifies one image file.</summary>
    /// <exception cref="RefusalException">The bytes are not a usable image; the answer took longer than <see
    /// cref="ServingSettings.DeadlineSeconds"/>; or <see cref="ErrorCode.NonFiniteOutput"/>: the model gave NaN or infinity.</exception>
    /// <exception cref="OperationCanceledException">The client has disconnected.</exception>
    public async Task<Answer> Classify(ServedModel served, ReadOnlyMemory<byte> image, WantedPredictions wanted, CancellationToken stop)
    {
        var logits = await InTime(deadline => Logits(served, image, deadline), stop);
        var (classifier, predictions) = (served.Classifier, served.Classifier.Predictions(logits, wanted.Top));

        // With a softmax, one logit that is NaN or infinity makes all probabilities NaN. With independent labels it makes only its own
        // label's probability NaN, and this label may not be among the predictions; so the largest logit is checked too. A logit of minus
        // infinity is allowed: its probability is 0.
        if (!(TensorPrimitives.Max<float>(logits) < float.PositiveInfinity) || predictions is [{ Probability: double.NaN }, ..])
        {
            throw NonFinite(served);
        }

        metrics.Answered(served.Name, reason: null);
        var outlier = classifier.Outlier(logits);
        if (outlier is { Is: true })
        {
            metrics.OutlierSeen(served.Name);
        }

        return new(
            served.Name,
            served.Version,
            classifier.Trained,
            wanted.Threshold > 0 ? [.. predictions.Where(prediction => prediction.Probability >= wanted.Threshold)] : predictions,
            classifier.IsMultiLabel ? true : null,
            outlier);
    }

    /// <summary>Returns the error for an image for which a model gives numbers that are not finite.</summary>
    public static FoveaException NonFinite(ServedModel served) => new(
        ErrorCode.NonFiniteOutput,
        $"Version {served.Version} of {served.Name} computes NaN or infinity for this image; expected another image, or "
            + $"another version of the model.");

    /// <summary>Returns the logits of one image file, one number for each class. They need not be finite.</summary>
    /// <exception cref="RefusalException">The bytes are not a usable image.</exception>
    /// <exception cref="OperationCanceledException">The client has disconnected, or the deadline has passed.</exception>
    public async Task<float[]> Logits(ServedModel served, ReadOnlyMemory<byte> image, CancellationToken stop)
    {
        var fitted = await Fit(served, image, stop);
        return await served.Logits(slot => Preprocessor.Normalize(fitted, served.Classifier.Preprocessing, slot), stop);
    }

    /// <summary>Decodes one image file and fits it to a model's input.</summary>
    /// <exception cref="RefusalException">The bytes are not a usable image.</exception>
    /// <exception cref="OperationCanceledException">The client has disconnected, or the deadline has passed.</exception>
    public async Task<Pixels> Fit(ServedModel served, ReadOnlyMemory<byte> image, CancellationToken stop)
    {
        var preprocessing = served.Classifier.Preprocessing;
        long start = Stopwatch.GetTimestamp();
        using var encoded = EncodedImage.Open(image, limits.ImageLimits);
        using var share = await budget.Take(encoded.BytesToDecode(Preprocessor.LeastSide(preprocessing)), stop);
        var fitted = Preprocessor.Fit(encoded, preprocessing);
        metrics.Stage("decode", served.Name, start);
        return fitted;
    }

    /// <summary>Runs work that may take at most <see cref="ServingSettings.DeadlineSeconds"/>.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.DeadlineExceeded"/>: the work took longer.</exception>
    /// <exception cref="OperationCanceledException">The client has disconnected.</exception>
    public async Task<T> InTime<T>(Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        var deadline = spare ?? new();
        spare = null;
        deadline.CancelAfter(TimeSpan.FromSeconds(settings.DeadlineSeconds));
        try
        {
            // The end of this block waits for a running callback, so the source is not cancelled after it.
            using (stop.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), deadline))
            {
                return await work(deadline.Token);
            }
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new ServiceException(
                ServiceError.DeadlineExceeded,
                $"The answer took longer than the {settings.DeadlineSeconds} s allowed.",
                e);
        }
        finally
        {
            if (deadline.TryReset())
            {
                spare = deadline;
            }
            else
            {
                deadline.Dispose();
            }
        }
    }
}
