using System.Text.Json;
using Fovea.Models;
using Microsoft.OpenApi;

namespace Fovea.Api.Tests;

public sealed class SwaggerTests(SharedService shared)
{
    private static readonly string[] Routes =
    [
        "/architectures", "/architectures/{name}", "/architectures/{name}/summary", "/classify/{model}", "/classify/{model}/versions/{n}", "/datasets", "/datasets/{dataset}", "/datasets/{dataset}/images", "/datasets/{dataset}/thumbnails/{class}/{file}", "/diagnostics", "/fine_tuning/jobs", "/fine_tuning/jobs/{job}", "/fine_tuning/jobs/{job}/cancel", "/fine_tuning/jobs/{job}/checkpoints", "/fine_tuning/jobs/{job}/events", "/fine_tuning/jobs/{job}/pause", "/fine_tuning/jobs/{job}/report", "/fine_tuning/jobs/{job}/resume",
        "/health/live", "/health/ready", "/models", "/models/{model}", "/models/{model}/load", "/models/{model}/rollback",
        "/models/{model}/summary", "/models/{model}/unload", "/models/{model}/versions/{n}", "/models/{model}/versions/{n}/publish",
        "/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/stats", "/v2/models/{model}", "/v2/models/{model}/infer", "/v2/models/{model}/ready", "/v2/models/{model}/stats",
        "/v2/models/{model}/versions/{n}", "/v2/models/{model}/versions/{n}/infer", "/v2/models/{model}/versions/{n}/ready", "/v2/models/{model}/versions/{n}/stats",
        "/v2/repository/index", "/v2/repository/models/{model}/load", "/v2/repository/models/{model}/unload",
    ];

    [Fact]
    public async Task Document_has_every_route_with_summary_description_and_answers()
    {
        var paths = (await Document()).GetProperty("paths");
        Assert.Equal(Routes, paths.EnumerateObject().Select(path => path.Name).Order());
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
    public async Task Document_is_valid()
    {
        var result = OpenApiDocument.Parse(await shared.Running.Client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken));
        Assert.NotNull(result.Document);
        Assert.Empty(result.Diagnostic!.Errors);
        Assert.Empty(result.Diagnostic.Warnings);
    }

    [Fact]
    public async Task Model_is_chosen_from_those_that_there_are()
    {
        var model = Parameters((await Document()).GetProperty("paths").GetProperty("/models/{model}").GetProperty("get")).Single();
        Assert.Equal(["lenet5"], model.GetProperty("schema").GetProperty("enum").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal("lenet5", model.GetProperty("example").GetString());
    }

    [Fact]
    public async Task Architecture_is_chosen_from_the_catalog_and_its_examples_run_together()
    {
        var parameters = Parameters((await Document()).GetProperty("paths").GetProperty("/architectures/{name}/summary").GetProperty("get"));
        Assert.Equal(Catalog.Architectures.Select(a => a.Name), parameters[0].GetProperty("schema").GetProperty("enum").EnumerateArray().Select(name => name.GetString()!));
        var query = parameters.Skip(1).Where(p => p.TryGetProperty("example", out _)).Select(p => $"{p.GetProperty("name")}={p.GetProperty("example")}");
        var summary = await shared.Running.Get($"/architectures/{parameters[0].GetProperty("example")}/summary?{string.Join('&', query)}");
        Assert.Equal((10, "[3,224,224]"), (summary.GetProperty("classes").GetInt32(), $"{summary.GetProperty("input")}"));
    }

    [Fact]
    public async Task Example_runs_as_it_stands()
    {
        var body = (await Document()).GetProperty("paths").GetProperty("/classify/{model}").GetProperty("post").GetProperty("requestBody").GetProperty("content");
        var example = JsonSerializer.SerializeToUtf8Bytes(body.GetProperty("application/json").GetProperty("example"));
        Assert.Equal(200, (await shared.Running.Post("/classify/lenet5", example.As("application/json"))).Status);
        var infer = (await Document()).GetProperty("paths").GetProperty("/v2/models/{model}/infer").GetProperty("post").GetProperty("requestBody").GetProperty("content");
        example = JsonSerializer.SerializeToUtf8Bytes(infer.GetProperty("application/json").GetProperty("example"));
        Assert.Equal(200, (await shared.Running.Post("/v2/models/lenet5/infer", example.As("application/json"))).Status);
        foreach (var type in (string[])["image/png", "image/jpeg", "image/webp"])
        {
            Assert.Equal("binary", body.GetProperty(type).GetProperty("schema").GetProperty("format").GetString());
        }
    }

    [Fact]
    public async Task Page_is_there()
    {
        using var page = await shared.Running.Client.GetAsync("/swagger", TestContext.Current.CancellationToken);
        Assert.Contains("swagger-ui", await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static JsonElement[] Parameters(JsonElement operation) => operation.TryGetProperty("parameters", out var parameters) ? [.. parameters.EnumerateArray()] : [];

    private Task<JsonElement> Document() => shared.Running.Get("/swagger/v1/swagger.json");
}
