using Fovea.Models.Errors;
using Fovea.Models.Explanations;
using Fovea.Models.Files;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;

namespace Fovea.Training.Predictions;

/// <summary>Explains image files, and writes pictures with the heat maps.</summary>
/// <param name="model">The model.</param>
/// <param name="explainer">The explainer of the model.</param>
/// <param name="options">The class, the method and the layer.</param>
/// <param name="folder">The folder of the pictures; null writes none.</param>
internal sealed class ImageExplanations(Classifier model, Explainer explainer, ExplanationOptions options, string? folder)
{
    private readonly HashSet<string> written = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Explains an image.</summary>
    /// <param name="file">The path of the image.</param>
    /// <param name="stop">Ends the work between two runs of the network.</param>
    /// <exception cref="FoveaException">The file cannot be read or explained, or the picture cannot be written.</exception>
    public ExplainedImage Explain(string file, CancellationToken stop)
    {
        using var encoded = EncodedImage.Open(Read(file), new ImageLimits());
        var (fitted, region) = Preprocessor.FitWithRegion(encoded, model.Preprocessing);
        var found = explainer.Explain(fitted, region, options, stop);
        var picture = folder is null ? null : PictureOf(file);
        if (picture is not null)
        {
            var png = HeatMapPicture.ToPng(encoded.Decode(), found.Map);
            AtomicFile.Write(picture, stream => stream.Write(png));
        }

        return ExplainedImage.Of(file, model.Trained, found, picture);
    }

    private static byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.NotAnImage, $"The file cannot be read: {FileFailure.Reason(e, file)}; expected an image file.", e);
        }
    }

    // The picture of bee.jpg is named bee.grad-cam.png. If a second image has the name bee.jpg, its picture is bee-2.grad-cam.png.
    private string PictureOf(string file)
    {
        string stem = Path.GetFileNameWithoutExtension(file), method = ExplanationMethods.NameOf(options.Method);
        for (int i = 1; ; i++)
        {
            var name = $"{stem}{(i == 1 ? "" : $"-{i}")}.{method}.png";
            if (written.Add(name))
            {
                return Path.Combine(folder!, name);
            }
        }
    }
}
