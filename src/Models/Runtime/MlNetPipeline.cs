using Fovea.Models.Errors;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Fovea.Models.Runtime;

/// <summary>
/// Uses model files in ML.NET pipelines. The application must reference the packages Microsoft.ML and Microsoft.ML.OnnxTransformer, and for
/// columns of MLImage also Microsoft.ML.ImageAnalytics. The rest of this assembly does not need these packages.
/// </summary>
public static class MlNetPipeline
{
    /// <summary>
    /// Creates a pipeline that classifies images with the same answers as <see cref="Classifier"/>. Images are decoded, fitted and
    /// normalised by the preprocessing in the model file; ApplyOnnxModel runs the file; the outputs become probabilities and labels. A
    /// .json file with the model file's name supplies metadata that the file lacks.
    /// </summary>
    /// <remarks>
    /// ML.NET's own LoadImages and ResizeImages cannot give the same answers: they ignore the EXIF orientation, accept truncated files, and
    /// select single pixels instead of averaging when they resize. The answer for an MLImage may differ from the answer for its file in
    /// three cases: an MLImage has lost the EXIF orientation; its transparent pixels count as already multiplied by their opacity; and a
    /// large JPEG was decoded at full size. ML.NET cannot save the fitted pipeline; create it again from the model file.
    /// </remarks>
    /// <param name="transforms">The catalog of an MLContext.</param>
    /// <param name="modelFile">The .onnx file.</param>
    /// <param name="imageColumn">
    /// The column with the images: their paths as text, the bytes of their files as byte[], or MLImage. Files may be JPEG, PNG, WebP, BMP
    /// or GIF.
    /// </param>
    /// <returns>
    /// A pipeline that adds the columns <c>Score</c> (the probabilities in the order of the classes, float, with the labels as slot names),
    /// <c>Probability</c> (the highest probability, 0 to 1, float) and <c>PredictedLabel</c> (the label of the likeliest class, text).
    /// </returns>
    /// <exception cref="FoveaException">
    /// The model file is not an image classifier. Two errors are thrown later: for a column of another type when the pipeline is fitted,
    /// and for an unreadable image when ML.NET reads its row.
    /// </exception>
    public static IEstimator<TransformerChain<ITransformer>> ClassifyImages(
        this TransformsCatalog transforms, string modelFile, string imageColumn = "ImagePath") =>
        new ImageColumnEstimator(transforms, modelFile, imageColumn);
}
