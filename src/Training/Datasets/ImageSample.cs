using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;

namespace Fovea.Training.Datasets;

/// <summary>The size and colour of a sample of a data set's images, taken before all images are read.</summary>
/// <param name="Height">The height in pixels that nearly all images share; null if they differ.</param>
/// <param name="Width">The width in pixels that nearly all images share; null if they differ.</param>
/// <param name="IsGray">Whether nearly all images are gray.</param>
internal sealed record ImageSample(int? Height, int? Width, bool IsGray)
{
    // The number of files in the sample, which are evenly spaced, and the short side in pixels to which large JPEGs are decoded. Decoding a
    // file takes some milliseconds.
    private const int Files = 64, Side = 64;

    private const double NearlyAll = 0.95;

    /// <summary>Describes the images of IDX files, which have one size and one channel.</summary>
    public static ImageSample Of(IdxDataset images) => new(images.Size.Height, images.Size.Width, IsGray: true);

    /// <summary>Decodes some training images of a folder. Files that are not readable images are skipped.</summary>
    public static ImageSample Of(FolderFiles files)
    {
        DataItem[] items = [.. files.Layout.Items.Where(item => item.Part is null or DataPart.Train)];
        int count = Math.Min(Files, items.Length);
        Look[] looks =
        [
            .. Enumerable.Range(0, count).AsParallel()
                .Select(i => At(files.PathOf(items[(int)((long)i * items.Length / count)].Index))).OfType<Look>(),
        ];
        var sizes = looks.CountBy(look => (look.Height, look.Width)).ToArray();
        var (size, images) = sizes.Length > 0 ? sizes.MaxBy(entry => entry.Value) : default;
        bool isShared = images > 0 && images >= NearlyAll * looks.Length;
        return new(
            isShared ? size.Height : null,
            isShared ? size.Width : null,
            looks.Length > 0 && looks.Count(look => look.IsGray) >= NearlyAll * looks.Length);
    }

    /// <summary>Whether nearly all images have this height and width.</summary>
    public bool HasSize(int height, int width) => Height == height && Width == width;

    private static Look? At(string path)
    {
        try
        {
            using var image = EncodedImage.Open(File.ReadAllBytes(path), new ImageLimits());
            var pixels = image.Decode(Side);

            // The header gives the size before the orientation is applied, and the orientation may exchange height and width.
            bool isTurned = image.Width != image.Height && (pixels.Width > pixels.Height) != (image.Width > image.Height);
            return isTurned ? new(image.Width, image.Height, IsGrayImage(pixels)) : new(image.Height, image.Width, IsGrayImage(pixels));
        }
        catch (Exception e) when (e is FoveaException or IOException or UnauthorizedAccessException)
        {
            // Skip the file. Reading the whole data set later reports the file and the reason.
            return null;
        }
    }

    private static bool IsGrayImage(Pixels image)
    {
        var values = image.Values;
        for (int i = 0; image.Channels == 3 && i < image.Width * image.Height * 3; i += 3)
        {
            if (values[i] != values[i + 1] || values[i] != values[i + 2])
            {
                return false;
            }
        }

        return true;
    }

    private sealed record Look(int Height, int Width, bool IsGray);
}
