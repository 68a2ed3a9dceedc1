using System.Net;
using System.Text.Json;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>A model is trained, its data set is corrected, and the next model goes on from there.</summary>
[Trait("Needs", "time")]
public sealed class JobLoopTests
{
    [Fact]
    public async Task Job_on_a_corrected_data_set_goes_on_from_the_last_model_and_is_compared_with_it_on_the_new_validation_images()
    {
        await using var workshop = await Workshop.Start();
        var first = await Upload(workshop, "?name=my%20shapes", Shapes.Of(20));
        await workshop.Until(await workshop.Create(first, method: "head"), "succeeded");

        var second = await Upload(
            workshop,
            $"?from={first}",
            [
                .. Enumerable.Range(100, 20).Select(i => ($"cross/{i}.png", Shapes.Draw(i, isRing: false))),
                .. Enumerable.Range(100, 20).Select(i => ($"ring/{i}.png", Shapes.Draw(i, isRing: true))),
                ("_removed/0.png", Shapes.Draw(0, isRing: false)),
            ]);
        var (before, after) = (Stored(workshop, first), Stored(workshop, second));
        Assert.Empty(Hashes(after, "val").Intersect(Hashes(before, "train")));
        Assert.Empty(Hashes(before, "val").Except(Hashes(after, "val")).Except([Hash(Shapes.Draw(0, isRing: false))]));

        // The name of the model ends in the suffix already, so its next version is made.
        var job = await workshop.Create(second, method: "head", model: "lenet5-shapes");
        var done = await workshop.Until(job, "succeeded");
        Assert.Equal(
            ("lenet5-shapes", 2, "my shapes"),
            (
                done.GetProperty("fine_tuned_model").GetString(),
                done.GetProperty("fine_tuned_version").GetInt32(),
                done.GetProperty("dataset_name").GetString()));
        var figures = (await Data(workshop, job)).Single(data => data.TryGetProperty("incumbent", out _));
        Assert.Equal(
            ("lenet5-shapes", 1, 0),
            (
                figures.GetProperty("incumbent").GetString(),
                figures.GetProperty("incumbent_version").GetInt32(),
                figures.GetProperty("incumbent_trained_on").GetInt32()));
        foreach (var (version, figure) in ((int, string)[])[(1, "incumbent_accuracy"), (2, "valid_accuracy")])
        {
            Assert.Equal(await Accuracy(workshop, version, after), figures.GetProperty(figure).GetDouble(), 1e-6);
        }

        await AssertReport(workshop, job, second);

        // Another suffix makes another model, which is compared with the one that it started from.
        var other = await workshop.Create(second, "next", method: "head", model: "lenet5-shapes");
        done = await workshop.Until(other, "succeeded");
        Assert.Equal(
            ("lenet5-shapes-next", true), (done.GetProperty("fine_tuned_model").GetString(), done.GetProperty("published").GetBoolean()));
        Assert.Contains(await workshop.Told(other), message => message.Contains("from which it started", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Validation_images_that_the_incumbent_was_trained_on_are_counted()
    {
        await using var workshop = await Workshop.Start();
        var first = await Upload(workshop, "", Shapes.Of(10));
        await workshop.Until(await workshop.Create(first, method: "head"), "succeeded");
        var before = Stored(workshop, first);
        var whole = Shapes.Of(10).Select(file => (before.Single(image => image.Sha256 == Hash(file.Bytes)).Part, file.Path, file.Bytes));

        // The parts are swapped, as a new archive of the same photos may divide them.
        var second = await Upload(
            workshop, "", [.. whole.Select(file => ($"{(file.Part == "train" ? "val" : "train")}/{file.Path}", file.Bytes))]);
        var job = await workshop.Create(second, method: "head");
        await workshop.Until(job, "succeeded");
        var figures = (await Data(workshop, job)).Single(data => data.TryGetProperty("incumbent", out _));
        Assert.Equal(16, figures.GetProperty("incumbent_trained_on").GetInt32());
        Assert.Contains(
            await workshop.Told(job),
            message => message.Contains("16 of the 16 validation images were training images of that version", StringComparison.Ordinal));
    }

    private static async Task AssertReport(Workshop workshop, string job, string dataset)
    {
        var report = await workshop.Get($"/fine_tuning/jobs/{job}/report");
        var provenance = report.GetProperty("provenance");
        Assert.Equal(
            ("lenet5-shapes", "lenet5-shapes version 1", "my shapes"),
            (
                provenance.GetProperty("model").GetString(),
                provenance.GetProperty("base").GetString(),
                provenance.GetProperty("training").GetProperty("dataset").GetString()));
        var links = report.GetProperty("cells").EnumerateArray().SelectMany(cell => cell.GetProperty("images").EnumerateArray())
            .Select(image => image.GetProperty("link").GetString()!).ToArray();
        Assert.NotEmpty(links);
        foreach (var link in links)
        {
            Assert.StartsWith($"/datasets/{dataset}/images/val/", link, StringComparison.Ordinal);
            using var image = await workshop.Client.GetAsync(link, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.OK, "image/png"), (image.StatusCode, image.Content.Headers.ContentType!.MediaType));
        }

        using var page = new HttpRequestMessage(HttpMethod.Get, $"/fine_tuning/jobs/{job}/report");
        page.Headers.Add("Accept", "text/html");
        using var answer = await workshop.Client.SendAsync(page, TestContext.Current.CancellationToken);
        var html = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("<h1>lenet5-shapes on my shapes</h1>", html, StringComparison.Ordinal);
        Assert.Contains(links[0], html, StringComparison.Ordinal);
        Assert.DoesNotContain("attempt-", html, StringComparison.Ordinal);
    }

    private static async Task<double> Accuracy(Workshop workshop, int version, IEnumerable<StoredImage> images)
    {
        var validating = images.Where(image => image.Part == "val").ToArray();
        int right = 0;
        foreach (var image in validating)
        {
            var (status, answer) = await workshop.Service.Post($"/classify/lenet5-shapes/versions/{version}", image.Bytes.As(null));
            Assert.True(status == 200, $"{answer}");
            right += answer.GetProperty("predictions")[0].GetProperty("label").GetString() == image.Label ? 1 : 0;
        }

        return (double)right / validating.Length;
    }

    private static async Task<string> Upload(Workshop workshop, string query, (string Path, byte[] Bytes)[] files)
    {
        using var answer = await workshop.Client.PostAsync(
            $"/datasets{query}", Archives.Content(Archives.Zip(files)), TestContext.Current.CancellationToken);
        return (await Workshop.Json(answer, 201)).GetProperty("id").GetString()!;
    }

    private static async Task<JsonElement[]> Data(Workshop workshop, string job) =>
    [
        .. (await workshop.Get($"/fine_tuning/jobs/{job}/events?limit=100")).GetProperty("data").EnumerateArray()
            .Select(e => e.GetProperty("data")).Where(data => data.ValueKind == JsonValueKind.Object),
    ];

    private static StoredImage[] Stored(Workshop workshop, string dataset)
    {
        var folder = workshop.Service.Get<DatasetStore>().Get(dataset).Folder;
        return
        [
            .. Directory.GetFiles(folder, "*.png", SearchOption.AllDirectories).Select(file =>
            {
                var steps = Path.GetRelativePath(folder, file).Split('/');
                var bytes = File.ReadAllBytes(file);
                return new StoredImage(steps[0], steps[1], Hash(bytes), bytes);
            }),
        ];
    }

    private static IEnumerable<string> Hashes(IEnumerable<StoredImage> images, string part) =>
        images.Where(image => image.Part == part).Select(image => image.Sha256);

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));

    private sealed record StoredImage(string Part, string Label, string Sha256, byte[] Bytes);
}
