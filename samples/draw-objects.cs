// Draws the images of samples/objects: keys, leaves and mugs in varied light, place and texture. Nothing here is a photo.
//
//   dotnet run samples/draw-objects.cs -- samples/objects
//
// The same program and version of SkiaSharp give the same images.
#:package SkiaSharp
#:package SkiaSharp.NativeAssets.Linux.NoDependencies

using SkiaSharp;

const int Side = 192, Each = 24, Quality = 82;
var folder = args is [var path] ? path : throw new ArgumentException("expected the folder to write to");
(string Name, Action<SKCanvas, Random> Draw)[] kinds = [("key", Key), ("leaf", Leaf), ("mug", Mug)];
foreach (var (kind, (name, draw)) in kinds.Index())
{
    Directory.CreateDirectory(Path.Combine(folder, name));
    for (int i = 0; i < Each; i++)
    {
        var random = new Random((1000 * (kind + 1)) + i);
        using var bitmap = new SKBitmap(Side, Side);
        using var canvas = new SKCanvas(bitmap);
        Surface(canvas, random);
        Place(canvas, random, draw);
        Light(canvas, random);
        using var file = File.Create(Path.Combine(folder, name, $"{i + 1:00}.jpg"));
        bitmap.Encode(file, SKEncodedImageFormat.Jpeg, Quality);
    }
}

// A table: planks, cloth with checks, or stone, each with its own grain.
static void Surface(SKCanvas canvas, Random random)
{
    var colour = Hsl(random, (15, 230), (5, 45), (25, 80));
    canvas.Clear(colour);
    using var paint = new SKPaint { IsAntialias = true };
    int pattern = random.Next(3);
    int width = random.Next(14, 44);
    for (int x = -Side; x < 2 * Side && pattern < 2; x += width)
    {
        paint.Color = Shade(colour, 0.8 + (0.3 * random.NextDouble())).WithAlpha(pattern == 0 ? (byte)255 : (byte)110);
        canvas.DrawRect(x, 0, pattern == 0 ? width - 1 : width / 2f, Side, paint);
        if (pattern == 1)
        {
            canvas.DrawRect(0, x, Side, width / 2f, paint);
        }
    }

    float across = pattern == 0 ? 0.008f : 0.06f + (0.1f * random.NextSingle());
    using var grain = SKShader.CreatePerlinNoiseFractalNoise(0.08f + (0.25f * random.NextSingle()), across, 3, random.Next(10_000));
    using var grey = SKColorFilter.CreateColorMatrix(
        [0.4f, 0.4f, 0.4f, 0, -0.1f, 0.4f, 0.4f, 0.4f, 0, -0.1f, 0.4f, 0.4f, 0.4f, 0, -0.1f, 0, 0, 0, 0, 0.35f]);
    using var noise = new SKPaint { Shader = grain, ColorFilter = grey, BlendMode = SKBlendMode.Overlay };
    canvas.DrawRect(0, 0, Side, Side, noise);
}

// The object with its shadow, anywhere, turned and sized at random.
static void Place(SKCanvas canvas, Random random, Action<SKCanvas, Random> draw)
{
    float size = Side * (0.42f + (0.4f * random.NextSingle())), room = (Side - size) / 2;
    using var picture = new SKPictureRecorder();
    draw(picture.BeginRecording(new SKRect(-1, -1, 1, 1)), random);
    using var drawn = picture.EndRecording();
    using var shadow = SKImageFilter.CreateDropShadow(
        0.04f + (0.08f * random.NextSingle()), 0.04f + (0.08f * random.NextSingle()), 0.05f, 0.05f, SKColors.Black.WithAlpha(150));
    using var paint = new SKPaint { ImageFilter = shadow };
    canvas.Save();
    canvas.Translate(
        (Side / 2f) + (room * ((2 * random.NextSingle()) - 1)), (Side / 2f) + (room * ((2 * random.NextSingle()) - 1)));
    canvas.RotateDegrees(draw == Mug ? random.Next(-25, 26) : random.Next(360));
    canvas.Scale((random.Next(2) == 0 ? 1 : -1) * size / 2, size / 2 * (0.8f + (0.2f * random.NextSingle())));
    canvas.SaveLayer(paint);
    canvas.DrawPicture(drawn);
    canvas.Restore();
    canvas.Restore();
}

// A lamp on one side, the colour of its light, and dim corners.
static void Light(SKCanvas canvas, Random random)
{
    var lamp = new SKPoint(Side * random.NextSingle(), Side * random.NextSingle());
    byte dark = (byte)random.Next(30, 150);
    using var fall = SKShader.CreateRadialGradient(
        lamp, Side * (0.8f + (0.6f * random.NextSingle())),
        [Hsl(random, (25, 55), (20, 80), (80, 100)).WithAlpha(60), SKColors.Black.WithAlpha(dark)], SKShaderTileMode.Clamp);
    using var paint = new SKPaint { Shader = fall };
    canvas.DrawRect(0, 0, Side, Side, paint);
}

static void Key(SKCanvas canvas, Random random)
{
    using var metal = Filled(Hsl(random, (20, 60), (5, 60), (45, 75)), random);
    using var hole = new SKPath { FillType = SKPathFillType.EvenOdd };
    float bow = 0.28f + (0.08f * random.NextSingle());
    hole.AddOval(new SKRect(-1, -bow, -1 + (2 * bow), bow));
    hole.AddCircle(-1 + bow, 0, bow * (0.4f + (0.25f * random.NextSingle())));
    canvas.DrawPath(hole, metal);
    canvas.DrawRoundRect(-1 + (1.8f * bow), -0.07f, 1.8f - (1.7f * bow), 0.14f, 0.04f, 0.04f, metal);
    int teeth = random.Next(2, 5);
    for (int i = 0; i < teeth; i++)
    {
        canvas.DrawRect(0.72f - (0.17f * i), 0.05f, 0.1f, 0.12f + (0.16f * random.NextSingle()), metal);
    }
}

static void Leaf(SKCanvas canvas, Random random)
{
    var colour = Hsl(random, (20, 140), (30, 80), (25, 55));
    float wide = 0.3f + (0.3f * random.NextSingle());
    using var blade = new SKPath();
    blade.MoveTo(-0.75f, 0);
    blade.CubicTo(-0.4f, -wide * 1.5f, 0.35f, -wide * 1.2f, 1, 0);
    blade.CubicTo(0.35f, wide * 1.2f, -0.4f, wide * 1.5f, -0.75f, 0);
    using var green = Filled(colour, random);
    canvas.DrawPath(blade, green);
    using var vein = new SKPaint
    {
        Color = Shade(colour, 1.5), IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 0.035f, StrokeCap = SKStrokeCap.Round,
    };
    canvas.DrawLine(-1, 0, 0.9f, 0, vein);
    vein.StrokeWidth = 0.018f;
    for (float x = -0.5f; x < 0.7f; x += 0.2f)
    {
        float reach = wide * (0.85f - (0.6f * MathF.Abs(x)));
        canvas.DrawLine(x, 0, x + 0.2f, reach, vein);
        canvas.DrawLine(x, 0, x + 0.2f, -reach, vein);
    }
}

static void Mug(SKCanvas canvas, Random random)
{
    var colour = Hsl(random, (0, 360), (10, 80), (35, 85));
    float tall = 0.75f + (0.2f * random.NextSingle());
    using var handle = Filled(Shade(colour, 0.85), random);
    (handle.Style, handle.StrokeWidth) = (SKPaintStyle.Stroke, 0.14f);
    canvas.DrawOval(0.5f, 0.05f, 0.38f, 0.42f, handle);
    using var body = Filled(colour, random);
    canvas.DrawRoundRect(-0.75f, -tall, 1.3f, 2 * tall, 0.16f, 0.16f, body);
    using var band = Filled(Hsl(random, (0, 360), (20, 90), (20, 90)), random);
    if (random.Next(2) == 0)
    {
        canvas.DrawRect(-0.75f, -0.2f + (0.3f * random.NextSingle()), 1.3f, 0.25f, band);
    }

    using var rim = new SKPaint { Color = Shade(colour, 1.15), IsAntialias = true };
    canvas.DrawOval(-0.1f, -tall, 0.65f, 0.17f, rim);
    rim.Color = Hsl(random, (15, 40), (30, 70), (8, 30));
    canvas.DrawOval(-0.1f, -tall, 0.54f, 0.11f, rim);
}

// A colour that is lighter on one side, as on a curved body.
static SKPaint Filled(SKColor colour, Random random)
{
    bool left = random.Next(2) == 0;
    return new SKPaint
    {
        IsAntialias = true,
        Shader = SKShader.CreateLinearGradient(
            new SKPoint(left ? -0.9f : 0.9f, -0.4f), new SKPoint(left ? 0.9f : -0.9f, 0.5f), [Shade(colour, 1.3), Shade(colour, 0.6)],
            SKShaderTileMode.Clamp),
    };
}

static SKColor Hsl(Random random, (int Low, int High) hue, (int Low, int High) saturation, (int Low, int High) lightness) =>
    SKColor.FromHsl(
        random.Next(hue.Low, hue.High), random.Next(saturation.Low, saturation.High), random.Next(lightness.Low, lightness.High));

static SKColor Shade(SKColor colour, double factor) =>
    new(Part(colour.Red, factor), Part(colour.Green, factor), Part(colour.Blue, factor));

static byte Part(byte value, double factor) => (byte)Math.Clamp(value * factor, 0, 255);
