using Fovea.Models.Layers;
using SkiaSharp;

namespace Fovea.Training.Tests.DataQuality;

/// <summary>Draws pictures with enough detail to be told apart: circles of random places, sizes and shades of one colour.</summary>
internal static class DrawnPhotos
{
    /// <summary>Draws a picture.</summary>
    /// <param name="seed">The seed; other seeds give other pictures.</param>
    /// <param name="hue">The hue of the circles, 0 to 360 degrees.</param>
    /// <param name="width">The width in pixels.</param>
    /// <param name="height">The height in pixels.</param>
    public static SKBitmap Draw(int seed, float hue = 0, int width = 240, int height = 180)
    {
        var random = new SeededRandom(seed);
        var bitmap = new SKBitmap(width, height);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        for (int i = 0; i < 40; i++)
        {
            using var paint = new SKPaint { Color = SKColor.FromHsv(hue, random.Uniform(40, 100), random.Uniform(20, 100)) };
            canvas.DrawCircle(random.Uniform(0, width), random.Uniform(0, height), random.Uniform(4, 30), paint);
        }

        return bitmap;
    }

    /// <summary>Returns the picture scaled by a factor.</summary>
    public static SKBitmap Scaled(SKBitmap picture, double factor) => picture.Resize(
        new SKImageInfo((int)(picture.Width * factor), (int)(picture.Height * factor)), SKFilterQuality.High);

    /// <summary>Returns the picture without this share of each side.</summary>
    public static SKBitmap Cropped(SKBitmap picture, double share)
    {
        int x = (int)(picture.Width * share), y = (int)(picture.Height * share);
        var cropped = new SKBitmap(picture.Width - (2 * x), picture.Height - (2 * y));
        using (picture)
        using (var canvas = new SKCanvas(cropped))
        {
            canvas.DrawBitmap(picture, -x, -y);
        }

        return cropped;
    }

    /// <summary>Returns the mirror image.</summary>
    public static SKBitmap Mirrored(SKBitmap picture)
    {
        var mirrored = new SKBitmap(picture.Width, picture.Height);
        using (picture)
        using (var canvas = new SKCanvas(mirrored))
        {
            canvas.Scale(-1, 1, picture.Width / 2f, 0);
            canvas.DrawBitmap(picture, 0, 0);
        }

        return mirrored;
    }

    /// <summary>Returns the picture out of focus.</summary>
    public static SKBitmap Blurred(SKBitmap picture)
    {
        using var filter = SKImageFilter.CreateBlur(5, 5);
        return Painted(picture, new SKPaint { ImageFilter = filter });
    }

    /// <summary>Returns the picture at a tenth of its brightness.</summary>
    public static SKBitmap Darkened(SKBitmap picture)
    {
        using var filter = SKColorFilter.CreateColorMatrix([.1f, 0, 0, 0, 0, 0, .1f, 0, 0, 0, 0, 0, .1f, 0, 0, 0, 0, 0, 1, 0]);
        return Painted(picture, new SKPaint { ColorFilter = filter });
    }

    /// <summary>Writes a picture as a JPEG and disposes of it. Creates the folder if necessary.</summary>
    public static void Write(string path, SKBitmap picture, int quality = 90)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (picture)
        {
            using var jpeg = picture.Encode(SKEncodedImageFormat.Jpeg, quality);
            File.WriteAllBytes(path, jpeg.ToArray());
        }
    }

    private static SKBitmap Painted(SKBitmap picture, SKPaint paint)
    {
        var changed = new SKBitmap(picture.Width, picture.Height);
        using (picture)
        using (paint)
        using (var canvas = new SKCanvas(changed))
        {
            canvas.DrawBitmap(picture, 0, 0, paint);
        }

        return changed;
    }
}
