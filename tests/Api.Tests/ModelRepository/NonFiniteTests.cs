using System.Net.Http.Json;
using System.Text.Json;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.ModelRepository;

/// <summary>
/// A model that gives NaN for black images. The service has not checked it, because its file was copied into the repository instead of
/// uploaded.
/// </summary>
[Trait("Needs", "time")]
public sealed class NonFiniteTests
{
    private static readonly byte[] Black = Images.Blank(8, 8);

    private static readonly byte[] White = Encoded(255);

    [Fact]
    public async Task Answer_that_is_not_finite_is_refused_and_counted_and_other_answers_are_given()
    {
        using var repository = Unchecked(Networks.NanAt(0));
        await using var service = await TestService.StartReady(repository);
        Assert.Equal(200, (await service.Post("/classify/infinite", White.As(null))).Status);
        (await service.Post("/classify/infinite", Black.As(null))).Json.IsProblem(422, "non_finite_output", "Version 1 of infinite");
        var (status, form) = await service.Post("/classify/infinite", Images.Form(White, Black));
        Assert.Equal(200, status);
        Assert.True(form[0].TryGetProperty("predictions", out _));
        form[1].IsProblem(422, "non_finite_output", "computes NaN or infinity");
        Assert.Equal(422, (await service.Post("/classify/infinite", Images.Form(Black, Black))).Status);
        Assert.Contains(
            """model="infinite",outcome="refused",reason="non_finite_output"} 4""", await service.Metrics(), StringComparison.Ordinal);
        Assert.Empty(service.Logs.Errors);
    }

    [Theory]
    [InlineData("{}", 400)]
    [InlineData("""{ "classification": 2 }""", 400)]
    [InlineData("""{ "classification": 2, "binary_data": true }""", 400)]
    [InlineData("""{ "binary_data": true }""", 200)]
    public async Task Inference_writes_no_infinity_or_NaN_as_text(string parameters, int expected)
    {
        using var repository = Unchecked(Networks.NanAt(0));
        await using var service = await TestService.StartReady(repository);
        var output = (await service.Get("/v2/models/infinite")).GetProperty("outputs")[0].GetProperty("name").GetString();
        var zeros = string.Join(',', Enumerable.Repeat("0", 64));
        var body = $$"""
            {
              "inputs": [{ "name": "input", "shape": [1, 1, 8, 8], "datatype": "FP32", "data": [{{zeros}}] }],
              "outputs": [{ "name": "{{output}}", "parameters": {{parameters}} }]
            }
            """;
        using var answer = await service.Client.PostAsync(
            "/v2/models/infinite/infer", new StringContent(body), TestContext.Current.CancellationToken);
        Assert.Equal(expected, (int)answer.StatusCode);
        if (expected == 400)
        {
            Assert.Contains(
                "computes NaN or infinity",
                (await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken))
                    .GetProperty("error").GetString(),
                StringComparison.Ordinal);
            Assert.DoesNotContain("""model="infinite",outcome="ok",reason="none"}""", await service.Metrics(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Probability_of_0_is_a_valid_answer()
    {
        using var repository = Unchecked(Networks.Certain());
        await using var service = await TestService.StartReady(repository);
        var (status, json) = await service.Post("/classify/infinite", Black.As(null));
        Assert.True(status == 200, $"{json}");
        Assert.Equal(
            [1.0, 0.0],
            json.GetProperty("predictions").EnumerateArray().Select(prediction => prediction.GetProperty("probability").GetDouble()));
    }

    private static Repository Unchecked(byte[] model)
    {
        var repository = new Repository();
        Directory.CreateDirectory(Path.Combine(repository.Folder, "infinite", "1"));
        File.WriteAllBytes(Path.Combine(repository.Folder, "infinite", "1", "model.onnx"), model);
        return repository;
    }

    private static byte[] Encoded(byte brightness)
    {
        using var bitmap = new SkiaSharp.SKBitmap(8, 8);
        bitmap.Erase(new SkiaSharp.SKColor(brightness, brightness, brightness));
        using var data = bitmap.Encode(SkiaSharp.SKEncodedImageFormat.Png, 0);
        return data.ToArray();
    }
}
