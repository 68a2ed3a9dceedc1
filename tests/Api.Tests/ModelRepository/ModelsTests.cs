using System.Text.Json;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.ModelRepository;

public sealed class ModelsTests(SharedService shared)
{
    [Fact]
    public async Task Description_has_exactly_the_properties_of_the_contract()
    {
        var model = await shared.Running.Get("/models/lenet5");
        Assert.Equal(
            """{"name":"lenet5","versions":[1,2],"defaultVersion":2,"state":"ready","trained":false,"""
                + "\"architecture\":\"lenet5\",\"input\":[1,28,28],\"classes\":10,\"provider\":\"cpu\"}",
            $"{model}");
        Assert.Equal($"[{model}]", $"{await shared.Running.Get("/models")}");
    }

    [Fact]
    public async Task Unknown_model_is_404()
    {
        foreach (var path in (string[])["/models/none", "/models/none/summary"])
        {
            using var answer = await shared.Running.Client.GetAsync(path, TestContext.Current.CancellationToken);
            await answer.IsProblem(404, "unknown_model", "There is no model none");
        }
    }

    [Fact]
    public async Task File_named_default_chooses_the_version()
    {
        using var repository = new Repository().With("lenet5", 1, 2, 10).WithFile("lenet5/default", "2\n").With("other", 9, 10);
        await using var service = await TestService.StartReady(repository);
        var models = await service.Get("/models");
        Assert.Equal([2, 10], models.EnumerateArray().Select(model => model.GetProperty("defaultVersion").GetInt32()));
        Assert.Equal("[1,2,10]", $"{models[0].GetProperty("versions")}");
        Assert.Equal(2, (await service.Post("/classify/lenet5", Images.Digit.As(null))).Json.GetProperty("version").GetInt32());
        Assert.Equal(
            10, (await service.Post("/classify/lenet5/versions/10", Images.Digit.As(null))).Json.GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task Broken_models_report_the_reason_and_the_others_still_serve()
    {
        using var repository = new Repository().With("lenet5", 1)
            .WithFile("damaged/1/model.onnx", "no ONNX")
            .With("misled", 1).WithFile("misled/default", "7")
            .WithForeign("foreign");
        await using var service = await TestService.StartReady(repository);
        foreach (var (name, reason) in (ReadOnlySpan<(string, string)>)
        [
            ("damaged", "damaged/1/model.onnx"),
            ("misled", "default holds 7; expected one of the versions 1"),
            ("foreign", "model.json"),
        ])
        {
            Assert.Contains(service.Logs.Errors, error => error.Contains(name, StringComparison.Ordinal));
        }

        await IsFailed(service, "damaged", "damaged/1/model.onnx", repository);
        await IsFailed(service, "misled", "default holds 7; expected one of the versions 1", repository);
        await IsFailed(service, "foreign", "model.json", repository);
        Assert.Equal(200, (await service.Post("/classify/lenet5", Images.Digit.As(null))).Status);
        Assert.Equal(200, (await service.Post("/classify/misled/versions/1", Images.Digit.As(null))).Status);
    }

    [Fact]
    public async Task Folders_that_are_not_models_are_ignored()
    {
        using var repository = new Repository().With("lenet5", 1)
            .WithFile("README.md", "").WithFile(".git/1/model.onnx", "").WithFile("empty/notes.txt", "")
            .WithFile("lenet5/02/model.onnx", "")
            .WithFile("lenet5/0/model.onnx", "").WithFile("lenet5/-1/model.onnx", "")
            .WithFile("lenet5/3/notes.txt", "").WithFile("lenet5/99999999999/model.onnx", "");
        await using var service = await TestService.StartReady(repository);
        var model = Assert.Single((await service.Get("/models")).EnumerateArray());
        Assert.Equal("[1]", $"{model.GetProperty("versions")}");
    }

    [Fact]
    public async Task Repository_without_models_serves_none()
    {
        using var repository = new Repository();
        await using var service = await TestService.StartReady(repository);
        Assert.Equal("[]", $"{await service.Get("/models")}");
        (await service.Post("/classify/lenet5", Images.Digit.As(null))).Json.IsProblem(404, "unknown_model", "the repository is empty");
    }

    private static async Task IsFailed(TestService service, string model, string reason, Repository repository)
    {
        var description = await service.Get($"/models/{model}");
        Assert.Equal("failed", description.GetProperty("state").GetString());
        Assert.Equal(JsonValueKind.Null, description.GetProperty("trained").ValueKind);
        Assert.Contains(reason, description.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(repository.Folder, $"{description}", StringComparison.Ordinal);
        (await service.Post($"/classify/{model}", Images.Digit.As(null))).Json.IsProblem(503, "model_unavailable", reason);
    }
}
