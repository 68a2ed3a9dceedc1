using Fovea.Api.Tests.Hosting;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.ModelRepository;

[Trait("Needs", "time")]
public sealed class ModelJsonTests
{
    private const string Preprocessing = """ "preprocessing": { "crop": [28, 28], "color": "Gray" } """;

    [Theory]
    [InlineData("""["a","b","c","d","e","f","g","h","i","j"]""", "")]
    [InlineData("\"names.txt\"", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n")]
    public async Task Foreign_file_is_served_with_the_metadata_of_model_json(string labels, string file)
    {
        using var repository = new Repository()
            .WithForeign("foreign")
            .WithFile("foreign/model.json", $$"""{ "labels": {{labels}}, {{Preprocessing}} }""")
            .WithFile("foreign/names.txt", file);
        Assert.Equal(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"], await Labels(repository, "foreign"));
    }

    [Fact]
    public async Task Model_json_of_the_version_overrides_the_file_and_the_models_model_json()
    {
        using var repository = new Repository().With("lenet5", 1)
            .WithFile("lenet5/model.json", """{ "labels": ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] }""")
            .WithFile("lenet5/1/model.json", """{ "labels": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "IX"] }""");
        Assert.Equal("IX", (await Labels(repository, "lenet5")).Max(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{ "labels": ["a"], "preprocessing": { "crop": [28, 28], "color": "Gray" } }""", "1 labels for 10 classes")]
    [InlineData("""{ "labels": "../secret.txt", "preprocessing": { "crop": [28, 28], "color": "Gray" } }""", "../secret.txt")]
    [InlineData("""{ "labels": "none.txt", "preprocessing": { "crop": [28, 28], "color": "Gray" } }""", "none.txt")]
    [InlineData("""{ "labels": 7 }""", "labels is 7")]
    [InlineData("""{ "preprocessing": { "crop": [0, 28] } }""", "crop is [0, 28]")]
    [InlineData("""{ "preprocessing": """, "model.json")]
    public async Task Unusable_model_json_fails_the_model_with_the_reason(string json, string reason)
    {
        using var repository = new Repository().WithForeign("foreign").WithFile("foreign/model.json", json);
        await using var service = await TestService.StartReady(repository);
        Assert.Contains(reason, (await service.Get("/models/foreign")).GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    private static async Task<string?[]> Labels(Repository repository, string model)
    {
        await using var service = await TestService.StartReady(repository);
        Assert.Equal("ready", $"{(await service.Get($"/models/{model}")).GetProperty("state")}");
        var (_, answer) = await service.Post($"/classify/{model}?top=10", Images.Digit.As(null));
        return
        [
            .. answer.GetProperty("predictions")
                .EnumerateArray().OrderBy(p => p.GetProperty("index").GetInt32())
                .Select(p => p.GetProperty("label").GetString()),
        ];
    }
}
