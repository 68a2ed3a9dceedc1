using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.Hosting;
using SkiaSharp;

namespace Fovea.Api.Tests.FineTuning;

[Trait("Needs", "time")]
public sealed class MultiLabelJobTests
{
    private const int Each = 24;

    [Fact]
    public async Task Images_with_several_labels_teach_a_model_that_gives_each_label_a_probability_of_its_own()
    {
        await using var workshop = await Workshop.Start();
        using var uploaded = await workshop.Client.PostAsync(
            "/datasets", Archives.Content(Archives.Zip(Images())), TestContext.Current.CancellationToken);
        var dataset = await uploaded.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.True((int)uploaded.StatusCode == 201, $"{dataset}");
        Assert.True(dataset.GetProperty("multiLabel").GetBoolean());
        Assert.Equal(
            ["cross", "ring"], dataset.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("label").GetString()));

        var job = await workshop.Create(dataset.GetProperty("id").GetString()!, suffix: "both", method: "head");
        var events = await workshop.Follow(job);
        var done = await workshop.Job(job);
        Assert.True(done.GetProperty("status").GetString() == "succeeded", $"{done}");
        Assert.Equal(Enumerable.Range(1, events.Length), events.Select(e => e.Number));
        Assert.Contains(events, e => e.Message.Contains("lenet5-both version 1 is published", StringComparison.Ordinal));

        await AssertReport(workshop, job);
        await AssertAnswers(workshop);

        // The next version is compared with the first on the same images.
        var again = await workshop.Create(dataset.GetProperty("id").GetString()!, suffix: "both", method: "head");
        await workshop.Until(again, "succeeded");
        Assert.Equal(2, (await workshop.Job(again)).GetProperty("fine_tuned_version").GetInt32());
        Assert.Contains(await workshop.Told(again), message => message.Contains("as good", StringComparison.Ordinal));
    }

    private static async Task AssertReport(Workshop workshop, string job)
    {
        var report = await workshop.Get($"/fine_tuning/jobs/{job}/report");
        var evaluation = report.GetProperty("evaluation");
        Assert.True(evaluation.GetProperty("multiLabel").GetBoolean());
        Assert.InRange(evaluation.GetProperty("meanAveragePrecision").GetDouble(), 0.6, 1);
        foreach (var label in evaluation.GetProperty("classes").EnumerateArray())
        {
            Assert.Contains(label.GetProperty("label").GetString(), (string[])["cross", "ring"]);
            Assert.All(
                (string[])["precision", "recall", "f1", "averagePrecision"],
                figure => Assert.InRange(label.GetProperty(figure).GetDouble(), 0, 1));
            Assert.InRange(label.GetProperty("support").GetInt32(), 1, 4 * Each);
        }
    }

    private static async Task AssertAnswers(Workshop workshop)
    {
        int right = 0;
        for (int i = 500; i < 510; i++)
        {
            foreach (var (hasCross, hasRing) in ((bool, bool)[])[(true, false), (false, true), (true, true), (false, false)])
            {
                var all = await Classify(workshop, Draw(i, hasCross, hasRing), "");
                Assert.True(all.GetProperty("multiLabel").GetBoolean());
                var probabilities = all.GetProperty("predictions").EnumerateArray().ToDictionary(
                    p => p.GetProperty("label").GetString()!, p => p.GetProperty("probability").GetDouble());
                Assert.Equal(["cross", "ring"], probabilities.Keys.Order());
                var found = (await Classify(workshop, Draw(i, hasCross, hasRing), "?threshold=0.5")).GetProperty("predictions")
                    .EnumerateArray().Select(p => p.GetProperty("label").GetString()!).ToHashSet();
                Assert.Equal(probabilities.Where(p => p.Value >= 0.5).Select(p => p.Key).Order(), found.Order());
                right += found.Contains("cross") == hasCross ? 1 : 0;
                right += found.Contains("ring") == hasRing ? 1 : 0;
            }
        }

        // 80 labels; guessing gives half of them.
        Assert.InRange(right, 55, 80);
    }

    private static async Task<JsonElement> Classify(Workshop workshop, byte[] image, string query)
    {
        using var answer = await workshop.Client.PostAsync($"/classify/lenet5-both{query}", image.As(null));
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(answer.IsSuccessStatusCode, $"{json}");
        return json;
    }

    private static (string Path, byte[] Bytes)[] Images()
    {
        var files = new List<(string Path, byte[] Bytes)>();
        var list = new StringBuilder("file,labels\n");
        for (int i = 0; i < Each; i++)
        {
            foreach (var (name, labels) in ((string, string)[])[("c", "cross"), ("r", "ring"), ("b", "cross;ring"), ("n", "")])
            {
                files.Add(($"images/{name}{i}.png", Draw(i, name is "c" or "b", name is "r" or "b")));
                list.Append($"images/{name}{i}.png,{labels}\n");
            }
        }

        return [.. files, ("labels.csv", Encoding.UTF8.GetBytes($"{list}"))];
    }

    // The lighter of both drawings at each pixel.
    private static byte[] Draw(int number, bool hasCross, bool hasRing)
    {
        using var picture = new SKBitmap(28, 28);
        picture.Erase(SKColors.Black);
        foreach (var isRing in (bool[])[.. hasCross ? [false] : Array.Empty<bool>(), .. hasRing ? [true] : Array.Empty<bool>()])
        {
            using var shape = SKBitmap.Decode(Shapes.Draw((2 * number) + (isRing ? 1 : 0), isRing));
            for (int i = 0; i < 28 * 28; i++)
            {
                var (x, y) = (i % 28, i / 28);
                byte gray = Math.Max(picture.GetPixel(x, y).Red, shape.GetPixel(x, y).Red);
                picture.SetPixel(x, y, new SKColor(gray, gray, gray));
            }
        }

        // A dot of its own makes each image without a shape another file.
        picture.SetPixel(number % 28, number / 28 % 28, SKColors.Gray);
        using var data = picture.Encode(SKEncodedImageFormat.Png, 90);
        return data.ToArray();
    }
}
