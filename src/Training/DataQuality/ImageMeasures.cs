using System.Security.Cryptography;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;
using Fovea.Training.Datasets;

namespace Fovea.Training.DataQuality;

/// <summary>The measures of an image from which the checks judge its quality.</summary>
/// <param name="Width">The width in pixels, before the orientation is applied.</param>
/// <param name="Height">The height in pixels, before the orientation is applied.</param>
/// <param name="Brightness">The mean gray, 0 to 255.</param>
/// <param name="Highlight">The gray that 2 % of the pixels exceed, 0 to 255.</param>
/// <param name="Sharpness">The sharpness, as <see cref="DataQuality.Sharpness"/> measures it.</param>
/// <param name="Digest">A hash of the decoded pixels, the same for identical pictures.</param>
/// <param name="Hash">The fingerprint by which copies are found; null for an image that is too small or has no detail.</param>
internal sealed record ImageMeasures(
    int Width, int Height, double Brightness, int Highlight, double Sharpness, string Digest, PerceptualHash? Hash)
{
    private const double HighlightShare = 0.02;

    /// <summary>The shorter side in pixels.</summary>
    public int ShortSide => Math.Min(Width, Height);

    /// <summary>The width divided by the height.</summary>
    public double Ratio => (double)Width / Height;

    /// <summary>Measures all images of a data set, on all cores.</summary>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public static ImageMeasures[] All(Dataset images, CancellationToken stop)
    {
        var measures = new ImageMeasures[images.Count];
        Parallel.For(0, images.Count, new ParallelOptions { CancellationToken = stop }, i => measures[i] = Of(images, i));
        return measures;
    }

    private static ImageMeasures Of(Dataset images, int index)
    {
        var pixels = images.Image(index);
        var gray = Colors.Gray(pixels);
        int count = gray.Width * gray.Height;
        var (brightness, highlight) = Light(gray.Values.AsSpan(0, count));
        var (width, height) = SizeOf(images, index) ?? (pixels.Width, pixels.Height);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(pixels.Width));
        hash.AppendData(pixels.Values.AsSpan(0, count * pixels.Channels));
        return new(
            width, height, brightness, highlight, DataQuality.Sharpness.Of(gray), Convert.ToHexString(hash.GetHashAndReset()),
            PerceptualHash.Of(pixels));
    }

    private static (double Mean, int Highlight) Light(ReadOnlySpan<byte> gray)
    {
        var histogram = new int[256];
        foreach (byte value in gray)
        {
            histogram[value]++;
        }

        int highlight = 255;
        for (long above = histogram[highlight]; highlight > 0 && above < HighlightShare * gray.Length; above += histogram[highlight])
        {
            highlight--;
        }

        return (histogram.Index().Sum(bin => (double)bin.Index * bin.Item) / gray.Length, highlight);
    }

    // The size that the image's file states, since a large JPEG is decoded at a fraction of its size. Null for an image without a file of
    // its own.
    private static (int Width, int Height)? SizeOf(Dataset images, int index)
    {
        if (images.FileOf(index) is not { } file)
        {
            return null;
        }

        using var image = EncodedImage.Open(File.ReadAllBytes(file), new ImageLimits());
        return (image.Width, image.Height);
    }
}
