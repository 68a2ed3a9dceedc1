using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Fovea.Api.Explanation;
using Fovea.Api.ModelRepository;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using SkiaSharp;

namespace Fovea.Api.Tests.Explanation;

public sealed class ExplainTests(SharedService shared)
{
    private static readonly byte[] Large = Images.Stroke(SKEncodedImageFormat.Jpeg, 300);

    private readonly TestService service = shared.Running;

    [Fact]
    public async Task Json_has_the_grid_of_the_last_feature_map_and_the_likeliest_class()
    {
        var (status, answer) = await service.Post("/explain/lenet5", Images.Digit.As("image/png"));
        Assert.True(status == 200, $"{answer}");
        Assert.Equal(
            [
                "model", "version", "trained", "class", "index", "probability", "method", "layer", "height", "width", "region", "values",
            ],
            answer.EnumerateObject().Select(p => p.Name));
        var (_, classified) = await service.Post("/classify/lenet5?top=1", Images.Digit.As(null));
        var likeliest = classified.GetProperty("predictions")[0];
        Assert.Equal(likeliest.GetProperty("label").GetString(), answer.GetProperty("class").GetString());
        Assert.Equal(likeliest.GetProperty("probability").GetDouble(), answer.GetProperty("probability").GetDouble(), 1e-5);
        Assert.Equal(("grad-cam", 2, false), (
            answer.GetProperty("method").GetString(),
            answer.GetProperty("version").GetInt32(),
            answer.GetProperty("trained").GetBoolean()));
        int height = answer.GetProperty("height").GetInt32(), width = answer.GetProperty("width").GetInt32();
        Assert.Equal(4, height);
        var rows = answer.GetProperty("values").EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetDouble()).ToArray())
            .ToArray();
        Assert.Equal((height, width), (rows.Length, rows[0].Length));
        Assert.All(rows.SelectMany(row => row), value => Assert.InRange(value, 0, 1));
        Assert.Equal(4, answer.GetProperty("region").GetArrayLength());
    }

    [Fact]
    public async Task Png_has_the_size_of_the_image()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/explain/lenet5?class=7") { Content = Large.As("image/jpeg") };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("image/png"));
        using var answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode);
        Assert.Equal("image/png", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(["Accept"], answer.Headers.Vary);
        using var picture = SKBitmap.Decode(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal((300, 300), (picture.Width, picture.Height));
        using var original = SKBitmap.Decode(Large);
        Assert.NotEqual(original.Pixels, picture.Pixels);
    }

    [Theory]
    [InlineData("image/png;q=0.5, application/json", "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("text/html, image/*;q=0.8, */*;q=0.1", "image/png")]
    [InlineData("text/html", "application/json")]
    public async Task Accept_chooses_the_form(string accept, string expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/explain/lenet5") { Content = Images.Digit.As(null) };
        request.Headers.TryAddWithoutValidation("Accept", accept);
        using var answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(expected, answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Json_body_and_form_of_one_file_give_the_answer_of_the_raw_image()
    {
        var expected = $"{(await service.Post("/explain/lenet5", Images.Digit.As(null))).Json}";
        var json = JsonContent.Create(new { image = Convert.ToBase64String(Images.Digit) });
        Assert.Equal(expected, $"{(await service.Post("/explain/lenet5", json)).Json}");
        Assert.Equal(expected, $"{(await service.Post("/explain/lenet5", Images.Form(Images.Digit))).Json}");
    }

    [Theory]
    [InlineData("rise", 28)]
    [InlineData("integrated-gradients", 28)]
    [InlineData("Grad-CAM", 4)]
    public async Task Method_is_chosen_by_name(string method, int side)
    {
        var (status, answer) = await service.Post($"/explain/lenet5?method={method}&version=1&class=3", Images.Digit.As(null));
        Assert.True(status == 200, $"{answer}");
        Assert.Equal((method.ToLowerInvariant(), 1, "3"), (
            answer.GetProperty("method").GetString(), answer.GetProperty("version").GetInt32(), answer.GetProperty("class").GetString()));
        Assert.Equal(side, answer.GetProperty("height").GetInt32());
        Assert.Equal(side == 4, answer.TryGetProperty("layer", out _));
    }

    [Theory]
    [InlineData("/explain/lenet5?class=ten", 400, "bad_argument", "has no class ten")]
    [InlineData("/explain/lenet5?class=10", 400, "bad_argument", "a number from 0 to 9")]
    [InlineData("/explain/lenet5?method=lime", 400, "bad_argument", "expected one of grad-cam, rise, integrated-gradients")]
    [InlineData("/explain/lenet5?label=1", 400, "malformed_request", "did you mean class?")]
    [InlineData("/explain/lenet5?version=9", 404, "unknown_model", "no version 9")]
    [InlineData("/explain/lenet", 404, "unknown_model", "no model lenet")]
    public async Task Wrong_argument_is_refused_by_name(string path, int status, string code, string words)
    {
        using var answer = await service.Client.PostAsync(path, Images.Digit.As(null), TestContext.Current.CancellationToken);
        await answer.IsProblem(status, code, words);
    }

    [Fact]
    public async Task Body_is_refused_as_by_classify()
    {
        await Refused(Array.Empty<byte>().As("image/png"), 400, "empty_body", "The request has no body");
        await Refused("hello"u8.ToArray().As("text/plain"), 415, "unsupported_media_type", "text/plain");
        await Refused("hello"u8.ToArray().As(null), 422, "not_an_image", "5 bytes");
        await Refused(Images.TruncatedPng.As(null), 422, "damaged_image", "PNG");
        await Refused(Images.Form(Images.Digit, Images.Digit), 400, "malformed_request", "several files; expected one image file");
        await Refused("{}"u8.ToArray().As("application/json"), 400, "malformed_request", "image");

        async Task Refused(HttpContent body, int status, string code, string words)
        {
            using var answer = await service.Client.PostAsync("/explain/lenet5", body, TestContext.Current.CancellationToken);
            await answer.IsProblem(status, code, words);
        }
    }

    [Fact]
    public async Task Explanations_give_way_first_without_reading_the_body()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var own = await TestService.StartReady(repository, null, "--Fovea:MaxExplanations=1", "--Fovea:MaxQueue=1");
        var places = own.Get<ExplainRequests>().Places;
        places.Enter();
        var rest = Task.FromException(new InvalidOperationException("The body was asked for."));
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/explain/lenet5")
        {
            Content = new HeldContent(new byte[100_000], rest),
            Headers = { ExpectContinue = true },
        })
        {
            using var refused = await own.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
            await refused.IsProblem(429, "overloaded", "POST /explain is at capacity (1 requests in flight)");
        }

        Assert.Equal(200, (await own.Post("/classify/lenet5", Images.Digit.As(null))).Status);
        places.Leave();
        Assert.Equal(200, (await own.Post("/explain/lenet5", Images.Digit.As(null))).Status);

        // An explanation also takes a place among the model's requests to classify, and none is left.
        using var lease = own.Get<ModelStore>().Find("lenet5").Serve();
        lease.Admit();
        var (status, problem) = await own.Post("/explain/lenet5", Images.Digit.As(null));
        Assert.Equal(429, status);
        problem.IsProblem(429, "overloaded", "lenet5 is at capacity");
    }

    [Fact]
    public async Task Explainer_goes_with_its_version_and_comes_back_with_the_next()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var own = await TestService.StartReady(repository, null, "--Fovea:ApiKeys:0=key");
        own.Client.DefaultRequestHeaders.Authorization = new("Bearer", "key");
        var (_, expected) = await own.Post("/explain/lenet5", Images.Digit.As(null));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await own.Post("/models/lenet5/unload", null)).Status);
            Assert.Equal(503, (await own.Post("/explain/lenet5", Images.Digit.As(null))).Status);
            Assert.Equal(200, (await own.Post("/models/lenet5/load", null)).Status);
            var (_, answer) = await own.Post("/explain/lenet5", Images.Digit.As(null));
            Assert.Equal($"{expected}", $"{answer}");
        }
    }

    [Fact]
    public async Task Classifying_goes_on_beside_explanations()
    {
        var (_, expected) = await service.Post("/classify/lenet5?top=1", Images.Digit.As(null));
        var label = Label(expected);
        var explaining = Task.WhenAll(
            Enumerable.Range(0, 6).Select(i => service.Post($"/explain/lenet5?method=rise&class={i}", Images.Digit.As(null))));
        while (!explaining.IsCompleted)
        {
            var (status, answer) = await service.Post("/classify/lenet5?top=1", Images.Digit.As(null));
            Assert.Equal((200, label), (status, Label(answer)));
        }

        Assert.All(await explaining, answer => Assert.Contains(answer.Status, (int[])[200, 429]));

        static string Label(JsonElement answer) => answer.GetProperty("predictions")[0].GetProperty("label").GetString()!;
    }
}
