using Fovea.Models.Errors;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Fovea.Models.Runtime;

/// <summary>
/// Model files in ML.NET. Applications bring the packages Microsoft.ML and Microsoft.ML.OnnxTransformer themselves, and for columns of
/// MLImage also Microsoft.ML.ImageAnalytics; nothing else in this assembly needs them.
/// </summary>
public static class MlNetPipeline
{
    /// <summary>
    /// A pipeline that classifies images as <see cref="Classifier"/> does: images decoded, fitted and normalised as the model file says,
    /// the file itself run by ApplyOnnxModel, its answer as a softmax with labels. A .json file beside the model supplies what it does not
    /// say about itself.
    /// </summary>
    /// <remarks>
    /// ML.NET's own LoadImages and ResizeImages cannot give the same answers: they ignore EXIF's orientation, take truncated files, and
    /// pick pixels without averaging them. An MLImage has no orientation any more, its transparent pixels count as premultiplied by their
    /// opacity, and a large JPEG was decoded in full; apart from that, its answer is the same too. A fitted pipeline is not saved by
    /// ML.NET; it is made again from the model file.
    /// </remarks>
    /// <param name="transforms">The catalog of an MLContext.</param>
    /// <param name="modelFile">The .onnx file.</param>
    /// <param name="imageColumn">
    /// The column with the images: their paths as text, the bytes of their files as byte[], or MLImage. JPEG, PNG, WebP, BMP and GIF are
    /// read.
    /// </param>
    /// <returns>
    /// A pipeline that adds <c>Score</c> (probabilities in the order of the classes, float, its slots named after the labels),
    /// <c>Probability</c> (of the likeliest class, 0 to 1, float) and <c>PredictedLabel</c> (that class's label, text).
    /// </returns>
    /// <exception cref="FoveaException">
    /// The file is no image classifier. A column of another type fails when the pipeline is fitted, an image that cannot be read when its
    /// row is.
    /// </exception>
    public static IEstimator<TransformerChain<ITransformer>> ClassifyImages(
        this TransformsCatalog transforms, string modelFile, string imageColumn = "ImagePath") =>
        new ImageColumnEstimator(transforms, modelFile, imageColumn);
}
