using System.Net.Http.Json;
using System.Text.Json;
using Fovea.Api.Tests.Hosting;
using SkiaSharp;

namespace Fovea.Api.Tests.Classification;

public sealed class ClassifyTests(SharedService shared)
{
    private readonly TestService service = shared.Running;

    [Fact]
    public async Task Answer_has_model_version_trained_and_five_predictions_the_likeliest_first()
    {
        var (status, answer) = await service.Post("/classify/lenet5", Images.Digit.As("image/png"));
        Assert.Equal(200, status);
        Assert.Equal(["model", "version", "trained", "predictions"], answer.EnumerateObject().Select(p => p.Name));
        Assert.Equal("lenet5", answer.GetProperty("model").GetString());
        Assert.Equal(2, answer.GetProperty("version").GetInt32());
        Assert.False(answer.GetProperty("trained").GetBoolean());
        var predictions = answer.GetProperty("predictions").EnumerateArray().ToArray();
        Assert.Equal(5, predictions.Length);
        Assert.All(predictions, p => Assert.Equal(["label", "index", "probability"], p.EnumerateObject().Select(x => x.Name)));
        var probabilities = predictions.Select(p => p.GetProperty("probability").GetDouble()).ToArray();
        Assert.Equal(probabilities.OrderDescending(), probabilities);
        Assert.All(predictions, p => Assert.Equal($"{p.GetProperty("index")}", p.GetProperty("label").GetString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("image/png")]
    [InlineData("IMAGE/JPEG")]
    [InlineData("image/png; charset=binary")]
    [InlineData("application/octet-stream")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Format_of_a_raw_image_is_recognised_by_its_bytes_and_not_by_its_content_type(string? mediaType)
    {
        var (status, answer) = await service.Post("/classify/lenet5", Images.Digit.As(mediaType));
        Assert.Equal(200, status);
        Assert.Equal(await Expected(), $"{answer}");
    }

    [Fact]
    public async Task Json_and_form_give_the_answer_of_the_raw_image()
    {
        var (_, json) = await service.Post(
            "/classify/lenet5",
            JsonContent.Create(new { other = new[] { new { image = 1 } }, image = Convert.ToBase64String(Images.Digit) }));
        var (_, form) = await service.Post("/classify/lenet5", Images.Form(Images.Digit));
        Assert.Equal(await Expected(), $"{json}");
        Assert.Equal($"[{await Expected()}]", $"{form}");
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public async Task Every_format_and_size_is_classified(SKEncodedImageFormat format)
    {
        var (status, _) = await service.Post("/classify/lenet5", Images.Stroke(format, 500).As(null));
        Assert.Equal(200, status);
    }

    [Theory]
    [InlineData("?top=1", 1)]
    [InlineData("?top=10", 10)]
    [InlineData("?top=99999999999", 10)]
    [InlineData("?top=", 5)]
    [InlineData("", 5)]
    public async Task Top_sets_the_number_of_predictions(string query, int expected)
    {
        var (_, answer) = await service.Post($"/classify/lenet5{query}", Images.Digit.As(null));
        Assert.Equal(expected, answer.GetProperty("predictions").GetArrayLength());
    }

    [Fact]
    public async Task All_probabilities_add_up_to_1()
    {
        var (_, answer) = await service.Post("/classify/lenet5?top=10", Images.Digit.As(null));
        Assert.Equal(1, answer.GetProperty("predictions").EnumerateArray().Sum(p => p.GetProperty("probability").GetDouble()), 6);
    }

    [Fact]
    public async Task Each_version_answers_for_itself()
    {
        var (_, first) = await service.Post("/classify/lenet5/versions/1", Images.Digit.As(null));
        var (_, second) = await service.Post("/classify/lenet5/versions/2", Images.Digit.As(null));
        Assert.Equal(1, first.GetProperty("version").GetInt32());
        Assert.Equal(await Expected(), $"{second}");
        Assert.NotEqual($"{first.GetProperty("predictions")}", $"{second.GetProperty("predictions")}");
    }

    [Fact]
    public async Task Concurrent_requests_get_the_answers_of_single_requests()
    {
        byte[][] images = [.. Enumerable.Range(20, 20).Select(side => Images.Stroke(SKEncodedImageFormat.Png, side))];
        var single = new List<(string Label, double Probability)[]>();
        foreach (var image in images)
        {
            single.Add(Predictions((await service.Post("/classify/lenet5", image.As(null))).Json));
        }

        var together = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(i => service.Post("/classify/lenet5", images[i % images.Length].As(null))));

        // The model may be tuned meanwhile: other sessions round differently, by less than 1e-6.
        Assert.All(together.Index(), answer => Assert.Equal(
            single[answer.Index % images.Length],
            Predictions(answer.Item.Json),
            (x, y) => x.Label == y.Label && Math.Abs(x.Probability - y.Probability) < 1e-6));
    }

    [Fact]
    public async Task Body_in_many_small_chunks_is_read_completely()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/classify/lenet5")
        {
            Content = new DribblingContent(Images.Stroke(SKEncodedImageFormat.Png, 400), piece: 7),
        };
        using var answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode);
    }

    // The three likeliest classes; the order of less likely ones may depend on rounding.
    private static (string Label, double Probability)[] Predictions(JsonElement answer) =>
    [
        .. answer.GetProperty("predictions").EnumerateArray().Take(3)
            .Select(p => (p.GetProperty("label").GetString()!, p.GetProperty("probability").GetDouble())),
    ];

    private async Task<string> Expected() => $"{(await service.Post("/classify/lenet5", Images.Digit.As("image/png"))).Json}";
}
