using System.Net;
using System.Text.Json;
using Fovea.Api.DatasetChecks;
using Fovea.Api.Tests.DatasetRepository;
using SkiaSharp;

namespace Fovea.Api.Tests.DatasetChecks;

[Trait("Needs", "time")]
public sealed class DatasetCheckTests
{
    [Fact]
    public async Task Health_names_copies_with_their_pictures_and_is_kept()
    {
        await using var service = await DatasetService.Start();
        var (_, json) = await service.Upload(
            [
                .. Enumerable.Range(0, 8).Select(i => ($"train/red/{i}.jpg", Drawn(i, SKColors.Red))),
                .. Enumerable.Range(0, 8).Select(i => ($"train/blue/{i}.jpg", Drawn(20 + i, SKColors.Blue))),
                ("val/red/9.jpg", Drawn(9, SKColors.Red)), ("val/red/leak.jpg", Drawn(3, SKColors.Red, quality: 60)),
                ("val/blue/9.jpg", Drawn(29, SKColors.Blue)),
            ]);
        var id = json.GetProperty("id").GetString();

        // All these requests wait for the same check.
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(_ => service.Administrator.Send(HttpMethod.Get, $"/datasets/{id}/health")));
        Assert.All(answers, answer => Assert.Equal((200, $"{answers[0].Json}"), (answer.Status, $"{answer.Json}")));
        var health = answers[0].Json;
        Assert.Equal(19, health.GetProperty("images").GetInt32());
        var leak = Assert.Single(health.GetProperty("checks").EnumerateArray()
            .Single(check => check.GetProperty("check").GetString() == "leaks").GetProperty("findings").EnumerateArray());
        JsonElement[] images = [.. leak.GetProperty("images").EnumerateArray()];
        Assert.Equal(["train", "val"], images.Select(image => image.GetProperty("part").GetString()));
        Assert.Equal("val/red/leak.jpg", images[1].GetProperty("file").GetString());
        foreach (var address in images.SelectMany(image => (JsonElement[])[image.GetProperty("thumbnail"), image.GetProperty("image")]))
        {
            using var picture = await service.Client.GetAsync(address.GetString(), TestContext.Current.CancellationToken);
            Assert.Equal("image/jpeg", picture.Content.Headers.ContentType?.MediaType);
        }

        // Later requests get the stored answer, and the training program does not run again.
        var kept = Assert.Single(Directory.GetFiles(Path.Combine(service.Folder, id!), "health-*.json"));
        await File.WriteAllTextAsync(
            kept,
            (await File.ReadAllTextAsync(kept, TestContext.Current.CancellationToken)).Replace(":19,", ":20,", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        var (_, later) = await service.Administrator.Send(HttpMethod.Get, $"/datasets/{id}/health");
        Assert.Equal(20, later.GetProperty("images").GetInt32());
    }

    [Fact]
    public async Task Unknown_data_set_is_a_404()
    {
        await using var service = await DatasetService.Start();
        var (status, json) = await service.Administrator.Send(HttpMethod.Get, "/datasets/ds_0123456789abcdef/health");
        Assert.Equal((404, "unknown_dataset"), (status, json.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Seventeenth_check_at_the_same_time_is_a_429_that_says_when_to_retry()
    {
        await using var service = await DatasetService.Start();
        var checker = service.Administrator.Service.Get<DatasetChecker>();
        var ids = new List<string>();
        for (int i = 0; i < 17; i++)
        {
            var (_, json) = await service.Upload(Archives.AntsAndBees(3));
            ids.Add(json.GetProperty("id").GetString()!);
        }

        // A check runs for seconds, and each of these calls has begun one when it returns.
        foreach (var id in ids.Take(16))
        {
            _ = checker.Report(id, TestContext.Current.CancellationToken);
        }

        using var answer = await service.Client.GetAsync($"/datasets/{ids[16]}/health", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.Equal(30, answer.Headers.RetryAfter?.Delta?.TotalSeconds);
    }

    // Circles at random places, so that pictures of other seeds differ in every scale.
    private static byte[] Drawn(int seed, SKColor color, int quality = 90)
    {
        var random = new Random(seed);
        using var bitmap = new SKBitmap(160, 120);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(SKColors.White);
            for (int i = 0; i < 30; i++)
            {
                using var paint = new SKPaint { Color = color.WithAlpha((byte)random.Next(60, 255)) };
                canvas.DrawCircle(random.Next(160), random.Next(120), random.Next(4, 25), paint);
            }
        }

        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, quality);
        return data.ToArray();
    }
}
