using SkiaSharp;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>Drawn images of two classes, crosses and rings, which LeNet-5 can learn.</summary>
internal static class Shapes
{
    public static (string Path, byte[] Bytes)[] Of(int each) =>
    [
        .. Enumerable.Range(0, each).Select(i => ($"cross/{i}.png", Draw(i, isRing: false))),
        .. Enumerable.Range(0, each).Select(i => ($"ring/{i}.png", Draw(i, isRing: true))),
    ];

    public static byte[] Draw(int number, bool isRing)
    {
        var random = new Random(number);
        using var bitmap = new SKBitmap(28, 28);
        using var canvas = new SKCanvas(bitmap);
        using var pen = new SKPaint { Color = SKColors.White, StrokeWidth = 2, IsStroke = true };
        canvas.Clear(SKColors.Black);
        float side = random.Next(12, 18), x = random.Next(2, 9), y = random.Next(2, 9);
        if (isRing)
        {
            canvas.DrawCircle(x + (side / 2), y + (side / 2), side / 2, pen);
        }
        else
        {
            canvas.DrawLine(x, y, x + side, y + side, pen);
            canvas.DrawLine(x + side, y, x, y + side, pen);
        }

        for (int i = 0; i < 20; i++)
        {
            bitmap.SetPixel(random.Next(28), random.Next(28), SKColors.Gray);
        }

        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 90);
        return data.ToArray();
    }
}
