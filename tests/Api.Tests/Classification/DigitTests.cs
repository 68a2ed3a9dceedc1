using Fovea.Api.Tests.Hosting;
using SkiaSharp;

namespace Fovea.Api.Tests.Classification;

/// <summary>The service reads photographed and drawn digits with the lenet5 of this repository.</summary>
[Trait("Needs", "time")]
public sealed class DigitTests : IAsyncLifetime
{
    private readonly Repository repository = new();
    private TestService service = null!;

    public static TheoryData<int> Digits => new(Enumerable.Range(0, 10));

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(repository.Folder, "lenet5/1"));
        File.Copy(
            Path.Combine(AppContext.BaseDirectory, "onnx/lenet5/1/model.onnx"), Path.Combine(repository.Folder, "lenet5/1/model.onnx"));
        service = await TestService.StartReady(repository);
    }

    [Theory, MemberData(nameof(Digits))]
    public async Task A_digit_of_mnist_is_read(int digit) => Assert.Equal($"{digit}", await Read(Sample(digit)));

    [Theory, MemberData(nameof(Digits))]
    public async Task A_digit_in_dark_ink_on_a_large_coloured_sheet_is_read(int digit) =>
        Assert.Equal($"{digit}", await Read(Drawn(digit, SKColors.AntiqueWhite, new SKColor(20, 30, 120))));

    [Theory, MemberData(nameof(Digits))]
    public async Task A_digit_in_chalk_on_a_board_is_read(int digit) =>
        Assert.Equal($"{digit}", await Read(Drawn(digit, new SKColor(30, 60, 50), new SKColor(235, 235, 225))));

    [Theory, MemberData(nameof(Digits))]
    public async Task A_digit_on_a_transparent_ground_is_read(int digit) =>
        Assert.Equal($"{digit}", await Read(Drawn(digit, SKColors.Transparent, SKColors.Black)));

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        repository.Dispose();
    }

    private async Task<string?> Read(byte[] image)
    {
        var (status, answer) = await service.Post("/classify/lenet5?top=1", image.As("image/png"));
        Assert.Equal(200, status);
        Assert.True(answer.GetProperty("trained").GetBoolean());
        return answer.GetProperty("predictions")[0].GetProperty("label").GetString();
    }

    private static byte[] Sample(int digit) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "samples", $"{digit}.png"));

    // Draws the digit's strokes in a colour, much larger than in MNIST, away from the middle of a sheet of 900 x 700 pixels.
    private static byte[] Drawn(int digit, SKColor ground, SKColor ink)
    {
        using var sample = SKBitmap.Decode(Sample(digit));
        using var strokes = new SKBitmap(28, 28);
        for (int y = 0; y < 28; y++)
        {
            for (int x = 0; x < 28; x++)
            {
                strokes.SetPixel(x, y, ink.WithAlpha(sample.GetPixel(x, y).Red));
            }
        }

        using var sheet = new SKBitmap(900, 700);
        using var canvas = new SKCanvas(sheet);
        using var smooth = new SKPaint { FilterQuality = SKFilterQuality.High };
        canvas.Clear(ground);
        canvas.DrawBitmap(strokes, new SKRect(120, 60, 460, 400), smooth);
        using var png = sheet.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }
}
