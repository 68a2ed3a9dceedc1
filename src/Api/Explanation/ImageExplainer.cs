using System.Diagnostics;
using Fovea.Api.Classification;
using Fovea.Api.Configuration;
using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Models.Errors;
using Fovea.Models.Explanations;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;

namespace Fovea.Api.Explanation;

/// <summary>
/// Computes explanations of images. Their runs do not go through the scheduler: they use sessions of their own, one after the other on one
/// thread of low priority, so that they hardly slow down requests to classify.
/// </summary>
internal sealed class ImageExplainer(
    Settings limits, DecodingBudget budget, ImageClassifier classifier, ExplanationTurns turns, IdleExplainers idle)
{
    // The nice value of the threads that explain. While threads of normal priority use all cores, such a thread gets about a quarter of a
    // core.
    private const int Nice = 5;

    // The number of decimals in JSON. An eye cannot distinguish colours that differ by less.
    private const int Decimals = 4;

    // The memory for one pixel of the picture, in bytes: 3 for the decoded pixels and 4 for the bitmap from which the PNG is written.
    private const int PictureBytes = 7;

    /// <summary>Explains an image, and returns the numbers of the map.</summary>
    /// <param name="served">The model.</param>
    /// <param name="image">The bytes of the image file.</param>
    /// <param name="options">The class and the method.</param>
    /// <param name="places">The limit of explanations, which estimates from the time of this one when refused clients should retry.</param>
    /// <param name="stop">Cancelled when the client disconnects.</param>
    /// <exception cref="RefusalException">
    /// The bytes are not a usable image, the method does not suit the model, or the answer takes too long.
    /// </exception>
    public Task<ExplanationAnswer> Numbers(
        ServedModel served, ReadOnlyMemory<byte> image, ExplanationOptions options, Admission places, CancellationToken stop) =>
        classifier.InTime(
            async deadline =>
            {
                using var encoded = EncodedImage.Open(image, limits.ImageLimits);
                return AnswerOf(served, await Explain(served, encoded, options, places, deadline));
            },
            stop);

    /// <summary>Explains an image, and returns a PNG of the image's size with the heat map over the image.</summary>
    /// <inheritdoc cref="Numbers"/>
    public Task<byte[]> Picture(
        ServedModel served, ReadOnlyMemory<byte> image, ExplanationOptions options, Admission places, CancellationToken stop) =>
        classifier.InTime(
            async deadline =>
            {
                using var encoded = EncodedImage.Open(image, limits.ImageLimits);
                var explained = await Explain(served, encoded, options, places, deadline);
                long bytes = encoded.BytesToDecode() + ((long)encoded.Width * encoded.Height * PictureBytes);
                using var share = await budget.Take(bytes, deadline);
                return await ThreadRank.Run(Nice, () => HeatMapPicture.ToPng(encoded.Decode(), explained.Map));
            },
            stop);

    private async Task<Attribution> Explain(
        ServedModel served, EncodedImage encoded, ExplanationOptions options, Admission places, CancellationToken stop)
    {
        var preprocessing = served.Classifier.Preprocessing;
        var (fitted, region) = await Fit(encoded, preprocessing, stop);
        long start = Stopwatch.GetTimestamp();
        try
        {
            return await turns.Run(
                places, () => ThreadRank.Run(Nice, () => served.Explainer.Explain(fitted, region, options, stop)), stop);
        }
        finally
        {
            places.Ran(1, Stopwatch.GetElapsedTime(start));
            idle.Used(served.Explainer);
        }
    }

    private async Task<(Pixels Fitted, InputRegion Region)> Fit(EncodedImage encoded, Preprocessing preprocessing, CancellationToken stop)
    {
        using var share = await budget.Take(encoded.BytesToDecode(Preprocessor.LeastSide(preprocessing)), stop);
        return Preprocessor.FitWithRegion(encoded, preprocessing);
    }

    private static ExplanationAnswer AnswerOf(ServedModel served, Attribution found)
    {
        var region = found.Map.Region;
        return new(
            served.Name,
            served.Version,
            served.Classifier.Trained,
            found.Label,
            found.Class,
            found.Probability,
            ExplanationMethods.NameOf(found.Method),
            found.Layer,
            found.Map.Height,
            found.Map.Width,
            [region.Left, region.Top, region.Right, region.Bottom],
            [.. found.Map.Rows.Select(row => Array.ConvertAll(row, value => MathF.Round(value, Decimals)))]);
    }
}
