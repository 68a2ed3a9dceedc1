using System.Net;
using Fovea.Client.Tests.Hosting;

namespace Fovea.Client.Tests;

/// <summary>Classifies images at a real service through the client.</summary>
public sealed class ClassifyTests(RunningService service) : IDisposable
{
    private readonly FoveaClient client = service.Client();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bytes_a_file_and_a_stream_get_the_same_answer()
    {
        byte[] bytes = await File.ReadAllBytesAsync(Samples.Digit(7), Stop);
        var answer = await client.ClassifyAsync("lenet5", bytes, stop: Stop);
        Assert.Equal(("lenet5", 1, true), (answer.Model, answer.Version, answer.Trained));
        Assert.Equal(("7", 5), (answer.Best!.Label, answer.Predictions.Count));
        Assert.InRange(answer.Best.Probability, 0.9, 1);
        using var stream = File.OpenRead(Samples.Digit(7));
        foreach (var image in new[] { ImageUpload.FromFile(Samples.Digit(7)), ImageUpload.FromStream(stream) })
        {
            var same = await client.ClassifyAsync("lenet5", image, stop: Stop);
            Assert.Equal(answer.Predictions, same.Predictions);
        }
    }

    [Fact]
    public async Task Top_threshold_and_version_are_sent()
    {
        var digit = ImageUpload.FromFile(Samples.Digit(3));
        Assert.Single((await client.ClassifyAsync("lenet5", digit, top: 1, stop: Stop)).Predictions);
        Assert.Single((await client.ClassifyAsync("lenet5", digit, threshold: 0.5, version: 1, stop: Stop)).Predictions);
        var refused = await Assert.ThrowsAsync<FoveaClientException>(() => client.ClassifyAsync("lenet5", digit, version: 9, stop: Stop));
        Assert.Equal(("unknown_model", HttpStatusCode.NotFound), (refused.Code, refused.Status));
    }

    [Fact]
    public async Task Several_images_get_an_answer_or_a_problem_each()
    {
        ImageUpload[] images =
        [
            ImageUpload.FromFile(Samples.Digit(3)), ImageUpload.FromBytes("no image"u8.ToArray(), "notes.txt"),
            ImageUpload.FromFile(Samples.Digit(8)),
        ];
        var results = await client.ClassifyAllAsync("lenet5", images, top: 1, stop: Stop);
        Assert.Equal(["3", null, "8"], results.Select(result => result.Classification?.Best!.Label));
        Assert.Equal("not_an_image", results[1].Problem!.Code);
        Assert.StartsWith("notes.txt: ", results[1].Problem!.Detail, StringComparison.Ordinal);

        var none = Assert.Single(await client.ClassifyAllAsync("lenet5", [images[1]], stop: Stop));
        Assert.Equal(("not_an_image", 422), (none.Problem!.Code, none.Problem.Status));
        var refused = await Assert.ThrowsAsync<FoveaClientException>(() => client.ClassifyAllAsync("other", images, stop: Stop));
        Assert.Equal("unknown_model", refused.Code);
    }

    [Fact]
    public async Task Refusal_has_the_code_the_status_and_the_sentence_of_the_service()
    {
        var refused = await Assert.ThrowsAsync<FoveaClientException>(
            () => client.ClassifyAsync("lenet5", "no image"u8.ToArray(), stop: Stop));
        Assert.Equal(("not_an_image", HttpStatusCode.UnprocessableEntity), (refused.Code, refused.Status));
        Assert.Contains("expected a JPEG", refused.Message, StringComparison.Ordinal);
        using var stranger = new FoveaClient(new FoveaClientOptions { Address = service.Address, ApiKey = "wrong" });
        refused = await Assert.ThrowsAsync<FoveaClientException>(() => stranger.Datasets.GetAsync("ds_0123456789abcdef", Stop));
        Assert.Equal(("unauthorized", HttpStatusCode.Unauthorized), (refused.Code, refused.Status));
    }

    [Fact]
    public async Task Explanation_comes_as_numbers_and_as_a_picture()
    {
        var digit = ImageUpload.FromFile(Samples.Digit(7));
        var map = await client.ExplainAsync("lenet5", digit, stop: Stop);
        Assert.Equal(("7", "grad-cam", 4), (map.Class, map.Method, map.Region.Count));
        Assert.Equal((map.Height, map.Width), (map.Values.Count, map.Values[0].Count));
        Assert.Equal(1, map.Values.Max(row => row.Max()));
        Assert.Equal("1", (await client.ExplainAsync("lenet5", digit, @class: "1", stop: Stop)).Class);
        byte[] picture = await client.ExplainAsPngAsync("lenet5", digit, stop: Stop);
        Assert.Equal("PNG"u8, picture.AsSpan(1, 3));
    }

    [Fact]
    public async Task Models_are_listed_and_described()
    {
        var model = Assert.Single(await client.ListModelsAsync(Stop), model => model.Name == "lenet5");
        Assert.True(model is { IsReady: true, DefaultVersion: 1, Classes: 10, Architecture: "lenet5", Trained: true });
        Assert.Equal([1, 28, 28], (await client.GetModelAsync("lenet5", Stop)).Input!);
        await Assert.ThrowsAsync<FoveaClientException>(() => client.GetModelAsync("a name/with %20", Stop));
    }

    public void Dispose() => client.Dispose();
}
