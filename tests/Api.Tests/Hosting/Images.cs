using System.Net.Http.Headers;
using SkiaSharp;

namespace Fovea.Api.Tests.Hosting;

/// <summary>Makes image files for requests.</summary>
internal static class Images
{
    public static byte[] Digit { get; } = Stroke(SKEncodedImageFormat.Png, 28);

    public static byte[] TruncatedPng { get; } = Digit[..(Digit.Length * 2 / 3)];

    public static byte[] Stroke(SKEncodedImageFormat format, int side)
    {
        using var bitmap = new SKBitmap(side, side);
        using var canvas = new SKCanvas(bitmap);
        using var pen = new SKPaint { Color = SKColors.White, StrokeWidth = side / 10f, IsStroke = true };
        canvas.Clear(SKColors.Black);
        canvas.DrawLine(side * 0.2f, side * 0.2f, side * 0.8f, side * 0.2f, pen);
        canvas.DrawLine(side * 0.8f, side * 0.2f, side * 0.4f, side * 0.9f, pen);
        using var data = bitmap.Encode(format, 90);
        return data.ToArray();
    }

    public static byte[] Blank(int width, int height)
    {
        using var bitmap = new SKBitmap(width, height, SKColorType.Gray8, SKAlphaType.Opaque);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 0);
        return data.ToArray();
    }

    public static ByteArrayContent As(this byte[] bytes, string? mediaType)
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = mediaType is null ? null : MediaTypeHeaderValue.Parse(mediaType);
        return content;
    }

    public static MultipartFormDataContent Form(params byte[][] files)
    {
        var form = new MultipartFormDataContent();
        foreach (var (i, file) in files.Index())
        {
            form.Add(new ByteArrayContent(file), "images", $"{i}.png");
        }

        return form;
    }
}
