using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Training.Datasets;

/// <summary>
/// Draws a random part of an image, as in the training of GoogLeNet (Szegedy et al., 2014) and with the algorithm of torchvision's
/// RandomResizedCrop.
/// </summary>
internal static class RandomCrop
{
    private const int Tries = 10;

    // The logarithm of the largest aspect ratio. Drawing the logarithm uniformly makes wide and tall crops equally likely.
    private static readonly float LogAspect = MathF.Log(4f / 3);

    /// <summary>
    /// Draws a rectangle with an aspect ratio of 3:4 to 4:3. If ten draws do not fit into the image, the result is the largest rectangle in
    /// the middle with such an aspect ratio.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="minimumArea">The smallest share of the image's area, over 0 and at most 1.</param>
    /// <param name="random">The source of size, aspect ratio and position.</param>
    public static PixelRectangle Draw(Pixels image, double minimumArea, ref SeededRandom random)
    {
        for (int i = 0; i < Tries; i++)
        {
            double area = (double)image.Width * image.Height * random.Uniform((float)minimumArea, 1);
            double aspect = Math.Exp(random.Uniform(-LogAspect, LogAspect));
            int width = (int)Math.Round(Math.Sqrt(area * aspect)), height = (int)Math.Round(Math.Sqrt(area / aspect));
            if (width >= 1 && height >= 1 && width <= image.Width && height <= image.Height)
            {
                return new(random.Below(image.Width - width + 1), random.Below(image.Height - height + 1), width, height);
            }
        }

        int widest = Math.Max(1, Math.Min(image.Width, image.Height * 4 / 3));
        int tallest = Math.Max(1, Math.Min(image.Height, image.Width * 4 / 3));
        return new((image.Width - widest) / 2, (image.Height - tallest) / 2, widest, tallest);
    }
}
