using Fovea.Models.Errors;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Training.Datasets;

namespace Fovea.Training.Predictions;

/// <summary>The images by which explanations are judged. Their classes are not used.</summary>
/// <param name="indices">The chosen images, in ascending order.</param>
/// <param name="read">Reads an image, preprocessed, [C, H, W].</param>
internal sealed class JudgedImages(IReadOnlyList<int> indices, Func<int, float[]> read)
{
    /// <summary>The number of images.</summary>
    public int Count => indices.Count;

    /// <summary>Opens a data set and takes the images that evaluation reads, or opens a folder of images without classes.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="preprocessing">Describes how an image becomes the network's input.</param>
    /// <param name="most">The largest number of images.</param>
    /// <param name="seed">The seed by which the images are chosen.</param>
    /// <exception cref="FoveaException">The folder is missing or holds no images.</exception>
    public static JudgedImages Open(string folder, Preprocessing preprocessing, int most, long seed)
    {
        if (PlainImages.IsPlain(folder))
        {
            var files = ImagePaths.Of([folder], recursive: false);
            return new(Chosen(files.Count, most, seed), i => Read(files[i], preprocessing));
        }

        var dataset = DatasetFolder.Open(folder, preprocessing).ForEvaluation;
        return new(Chosen(dataset.Count, most, seed), i =>
        {
            var input = new float[preprocessing.Shape.Size];
            dataset.Read(i, input);
            return input;
        });
    }

    /// <summary>The preprocessed images, each [C, H, W], read one after the other.</summary>
    /// <exception cref="FoveaException">An image cannot be read.</exception>
    public IEnumerable<float[]> Inputs() => indices.Select(read);

    private static int[] Chosen(int count, int most, long seed) => [.. new SeededRandom(seed).Permutation(count).Take(most).Order()];

    private static float[] Read(string file, Preprocessing preprocessing)
    {
        var input = new float[preprocessing.Shape.Size];
        try
        {
            Preprocessor.Normalize(Preprocessor.Fit(File.ReadAllBytes(file), new ImageLimits(), preprocessing), preprocessing, input);
            return input;
        }
        catch (FoveaException e)
        {
            throw new FoveaException(e.Code, $"{file}: {e.Message}", e);
        }
    }
}
