using SkiaSharp;

namespace Fovea.Training.Tests;

internal static class Images
{
    /// <summary>Writes a PNG of one brightness, 0 to 255. Creates its folder if necessary.</summary>
    public static void Write(string path, byte brightness, int side = 28)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var bitmap = new SKBitmap(side, side);
        bitmap.Erase(new SKColor(brightness, brightness, brightness));
        using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(path, png.ToArray());
    }
}
