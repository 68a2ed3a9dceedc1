using Fovea.Models;

namespace Fovea.Training;

/// <summary>A random part of an image, as GoogLeNet was trained with (Szegedy et al., 2014) and torchvision's RandomResizedCrop draws it.</summary>
internal static class RandomCrop
{
    private const int Tries = 10;

    // The logarithm of the largest proportion of the sides, either way.
    private static readonly float Proportion = MathF.Log(4f / 3);

    /// <summary>Draws a rectangle of <paramref name="least"/> to all of the area, with sides of 3:4 to 4:3; the largest such in the middle where none fits in ten tries.</summary>
    public static PixelRectangle Draw(Pixels image, double least, ref SeededRandom random)
    {
        for (int i = 0; i < Tries; i++)
        {
            double area = (double)image.Width * image.Height * random.Uniform((float)least, 1), proportion = Math.Exp(random.Uniform(-Proportion, Proportion));
            int width = (int)Math.Round(Math.Sqrt(area * proportion)), height = (int)Math.Round(Math.Sqrt(area / proportion));
            if (width >= 1 && height >= 1 && width <= image.Width && height <= image.Height)
            {
                return new(random.Below(image.Width - width + 1), random.Below(image.Height - height + 1), width, height);
            }
        }

        int across = Math.Max(1, Math.Min(image.Width, image.Height * 4 / 3)), down = Math.Max(1, Math.Min(image.Height, image.Width * 4 / 3));
        return new((image.Width - across) / 2, (image.Height - down) / 2, across, down);
    }
}
