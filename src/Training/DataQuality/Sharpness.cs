using Fovea.Models.Imaging;

namespace Fovea.Training.DataQuality;

/// <summary>
/// The sharpness of an image: the variance of its Laplacian, which measures fine detail (Pech-Pacheco et al., 2000), in the sharpest block
/// of 16 x 16 pixels at a fixed size. A photo of a small thing before a blurred background is sharp, so one block suffices.
/// </summary>
internal static class Sharpness
{
    // The short side to which larger images are reduced, and the side of a block, in pixels.
    private const int Side = 256, Block = 16;

    /// <summary>Returns the sharpness, 0 for a flat image or an image without inner pixels.</summary>
    /// <param name="gray">The image, with one channel.</param>
    public static double Of(Pixels gray)
    {
        double factor = Math.Min(1, (double)Side / Math.Min(gray.Width, gray.Height)), sharpest = 0;
        int width = (int)Math.Round(gray.Width * factor), height = (int)Math.Round(gray.Height * factor);
        var image = Resizer.Resize(gray, width, height, new(0, 0, width, height));
        for (int top = 1; top < height - 1; top += Block)
        {
            for (int left = 1; left < width - 1; left += Block)
            {
                int right = Math.Min(left + Block, width - 1), bottom = Math.Min(top + Block, height - 1);
                sharpest = Math.Max(sharpest, Variance(image, left, top, right, bottom));
            }
        }

        return sharpest;
    }

    private static double Variance(Pixels image, int left, int top, int right, int bottom)
    {
        long sum = 0, squares = 0;
        for (int y = top; y < bottom; y++)
        {
            var above = image.Values.AsSpan((y - 1) * image.Width, image.Width);
            var row = image.Values.AsSpan(y * image.Width, image.Width);
            var below = image.Values.AsSpan((y + 1) * image.Width, image.Width);
            for (int x = left; x < right; x++)
            {
                int laplacian = above[x] + below[x] + row[x - 1] + row[x + 1] - (4 * row[x]);
                sum += laplacian;
                squares += laplacian * laplacian;
            }
        }

        double count = (right - left) * (bottom - top), mean = sum / count;
        return (squares / count) - (mean * mean);
    }
}
