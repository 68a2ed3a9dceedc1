using System.Text.Encodings.Web;
using System.Text.Json;
using Fovea.Api.Tests.Documentation;
using Fovea.Api.Tests.Hosting;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Microsoft.OpenApi;

namespace Fovea.Api.Tests.OpenApi;

public sealed class SwaggerTests(SharedService shared)
{
    internal static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// A change of the interface shows in review as a change of docs/openapi.json. The test leaves the present document beside its program,
    /// for copying.
    /// </summary>
    [Fact]
    public async Task Document_is_the_one_in_the_repository()
    {
        var now = JsonSerializer.Serialize(await Document(), Indented).ReplaceLineEndings("\n") + "\n";
        var copy = Path.Combine(AppContext.BaseDirectory, "openapi.json");
        await File.WriteAllTextAsync(copy, now, TestContext.Current.CancellationToken);
        var stored = await File.ReadAllTextAsync(
            Path.Combine(DocumentPage.Root, "docs", "openapi.json"), TestContext.Current.CancellationToken);
        Assert.True(now == stored, $"The OpenAPI document has changed. If that is meant, copy {copy} to docs/openapi.json.");
    }

    [Fact]
    public async Task Each_route_has_a_summary_a_description_and_answers()
    {
        var paths = (await Document()).GetProperty("paths");
        Assert.All(paths.EnumerateObject().SelectMany(path => path.Value.EnumerateObject()), operation =>
        {
            Assert.NotEmpty(operation.Value.GetProperty("summary").GetString()!);
            Assert.NotEmpty(operation.Value.GetProperty("description").GetString()!);
            var answer = operation.Value.GetProperty("responses").EnumerateObject().First(response => response.Name.StartsWith('2'));
            Assert.True(answer.Value.TryGetProperty("content", out _) || answer.Name == "204");
            Assert.All(Parameters(operation.Value), parameter => Assert.NotEmpty(parameter.GetProperty("description").GetString()!));
        });
    }

    [Fact]
    public async Task Each_route_that_changes_something_says_that_it_needs_a_key()
    {
        var paths = (await Document()).GetProperty("paths");
        var open = paths.EnumerateObject().SelectMany(path => path.Value.EnumerateObject()
            .Where(operation => operation.Name != "get" && !operation.Value.GetProperty("responses").TryGetProperty("401", out _))
            .Select(operation => $"{operation.Name} {path.Name}"));

        // The protocol lists the models by a POST.
        Assert.Equal(["post /v2/repository/index"], open);
    }

    [Fact]
    public async Task Document_is_valid()
    {
        var result = OpenApiDocument.Parse(
            await shared.Running.Client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken));
        Assert.NotNull(result.Document);
        Assert.Empty(result.Diagnostic!.Errors);
        Assert.Empty(result.Diagnostic.Warnings);
    }

    [Fact]
    public async Task Model_parameter_is_any_name_with_an_example_that_exists()
    {
        var model = Parameters((await Document()).GetProperty("paths").GetProperty("/models/{model}").GetProperty("get")).Single();
        Assert.False(model.GetProperty("schema").TryGetProperty("enum", out _));
        Assert.Equal("lenet5", model.GetProperty("example").GetString());
    }

    [Fact]
    public async Task Groups_are_in_the_order_of_use()
    {
        var document = await Document();
        var groups = document.GetProperty("tags").EnumerateArray().Select(tag => tag.GetProperty("name").GetString()!).ToList();
        string[] first = ["Classify", "Explain", "Models", "Data sets", "Fine-tuning", "Architectures"];
        Assert.Equal(first.Intersect(groups), groups.Take(first.Intersect(groups).Count()));
        var used = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject())
            .Select(operation => operation.Value.GetProperty("tags")[0].GetString()!).Distinct();
        Assert.Equal(groups, used);
    }

    [Fact]
    public async Task Routes_that_need_a_key_declare_it_and_no_other_does()
    {
        var document = await Document();
        var scheme = document.GetProperty("components").GetProperty("securitySchemes").GetProperty("key");
        Assert.Equal(("http", "bearer"), (scheme.GetProperty("type").GetString(), scheme.GetProperty("scheme").GetString()));
        Assert.All(document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()), operation =>
            Assert.Equal(
                operation.Value.GetProperty("responses").TryGetProperty("401", out _), operation.Value.TryGetProperty("security", out _)));
    }

    [Fact]
    public async Task Name_parameter_lists_the_catalog_and_the_examples_work_together()
    {
        var parameters = Parameters(
            (await Document()).GetProperty("paths").GetProperty("/architectures/{name}/summary").GetProperty("get"));
        Assert.Equal("#/components/schemas/ArchitectureName", parameters[0].GetProperty("schema").GetProperty("$ref").GetString());
        var names = (await Document()).GetProperty("components").GetProperty("schemas").GetProperty("ArchitectureName");
        Assert.Equal(Catalog.Architectures.Select(a => a.Name), Names(names));
        var query = parameters.Skip(1)
            .Where(p => p.TryGetProperty("example", out _))
            .Select(p => $"{p.GetProperty("name")}={p.GetProperty("example")}");
        var summary = await shared.Running.Get($"/architectures/{parameters[0].GetProperty("example")}/summary?{string.Join('&', query)}");
        Assert.Equal((10, "[3,224,224]"), (summary.GetProperty("classes").GetInt32(), $"{summary.GetProperty("input")}"));
    }

    [Fact]
    public async Task Examples_work_unchanged()
    {
        var body = (await Document())
            .GetProperty("paths").GetProperty("/classify/{model}").GetProperty("post")
            .GetProperty("requestBody").GetProperty("content");
        var example = JsonSerializer.SerializeToUtf8Bytes(body.GetProperty("application/json").GetProperty("example"));
        Assert.Equal(200, (await shared.Running.Post("/classify/lenet5", example.As("application/json"))).Status);
        var infer = (await Document())
            .GetProperty("paths").GetProperty("/v2/models/{model}/infer").GetProperty("post")
            .GetProperty("requestBody").GetProperty("content");
        example = JsonSerializer.SerializeToUtf8Bytes(infer.GetProperty("application/json").GetProperty("example"));
        Assert.Equal(200, (await shared.Running.Post("/v2/models/lenet5/infer", example.As("application/json"))).Status);
        foreach (var type in (string[])["image/png", "image/jpeg", "image/webp"])
        {
            Assert.Equal("binary", body.GetProperty(type).GetProperty("schema").GetProperty("format").GetString());
        }
    }

    [Fact]
    public async Task Swagger_page_is_served()
    {
        using var page = await shared.Running.Client.GetAsync("/swagger", TestContext.Current.CancellationToken);
        Assert.Contains(
            "swagger-ui", await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static JsonElement[] Parameters(JsonElement operation) =>
        operation.TryGetProperty("parameters", out var parameters) ? [.. parameters.EnumerateArray()] : [];

    internal static IEnumerable<string> Names(JsonElement schema) =>
        schema.GetProperty("enum").EnumerateArray().Select(name => name.GetString()!);

    private Task<JsonElement> Document() => shared.Running.Get("/swagger/v1/swagger.json");
}
