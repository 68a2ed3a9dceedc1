using Fovea.Api.ModelRepository;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using Fovea.Models.Graphs;
using Fovea.Models.Tests.Adoption;

namespace Fovea.Api.Tests.ModelRepository;

public sealed class RepositoryLayoutTests
{
    private const string Json = """{ "labels": ["ant", "bee", "cat", "dog"], "preprocessing": { "crop": [8, 8] } }""";

    private const string Crop = """{ "preprocessing": { "crop": [8, 8] } }""";

    [Fact]
    public async Task Files_of_other_layouts_are_served_and_the_repository_is_not_written_to()
    {
        using var repository = new Repository()
            .WithFile("flat.json", Json).WithFile("flat.int8.onnx", "a twin")
            .WithFile("folder/model.json", Json).WithFile("folder/model.fp16.onnx", "a twin")
            .WithFile("other/model.json", Crop).WithFile("other/labels.txt", "ant\nbee\ncat\ndog\n")
            .WithFile("named/1/model.json", Json).WithFile("named/1/model.original.onnx", "the original")
            .WithFile("named/1/resnet.int8.onnx", "a twin");
        Write(repository, "flat.onnx", "folder/model.onnx", "other/mobile-net.onnx", "named/1/resnet.onnx");
        var before = Tree(repository);
        await using var administrator = await Administrator.Start(repository);
        foreach (var name in (string[])["flat", "folder", "named", "other"])
        {
            await ForeignUploadTests.AssertAnswers(administrator, $"/classify/{name}");
            await ForeignUploadTests.AssertAnswers(administrator, $"/classify/{name}/versions/1");
        }

        Assert.Equal(4, (await administrator.Service.Get("/models")).GetArrayLength());
        Assert.Equal(4, (await administrator.Service.Get("/models/flat/summary")).GetProperty("classes").GetInt32());
        Assert.False((await administrator.Service.Get("/diagnostics")).TryGetProperty("unclear", out _));
        Assert.Equal(before, Tree(repository));
    }

    [Fact]
    public void Files_of_a_model_whose_name_differs_in_the_case_of_letters_do_not_belong_to_a_flat_file()
    {
        using var repository = new Repository()
            .WithFile("cat.onnx", "").WithFile("cat.JSON", "").WithFile("Labels.txt", "").WithFile("Cat.onnx", "").WithFile("Cat.json", "");
        var model = Path.Combine(repository.Folder, "cat");
        var stamp = VersionFolder.Read(1, model, $"{model}.onnx")!.Stamp;
        Assert.All(["cat.onnx", "cat.JSON", "Labels.txt"], file => Assert.Contains(file, stamp, StringComparison.Ordinal));
        Assert.DoesNotContain("Cat.", stamp, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Repository_that_is_the_folder_of_one_model_serves_it_under_the_name_of_the_setting()
    {
        using var repository = new Repository().WithFile("model.json", Json);
        Write(repository, "model.onnx");
        await using var administrator = await Administrator.Start(repository, "--Fovea:ModelName=flowers");
        await ForeignUploadTests.AssertAnswers(administrator, "/classify/flowers");
        await ForeignUploadTests.AssertAnswers(administrator, "/classify/flowers/versions/1");
        Assert.Equal("flowers", (await administrator.Service.Get("/models"))[0].GetProperty("name").GetString());
        var (status, problem) = await administrator.Put("/models/trees/versions/1", UploadTests.Body("good"));
        Assert.Equal(409, status);
        problem.IsProblem(409, "conflict", "the folder of the model flowers");
        Assert.False(Directory.Exists(Path.Combine(repository.Folder, "trees")));
    }

    [Fact]
    public async Task Files_with_two_readings_are_named_in_the_log_and_in_the_diagnostics()
    {
        using var repository = new Repository().WithFile("both/model.json", Json).WithFile("two/model.json", Json)
            .WithFile("twice.json", Json);
        Write(repository, "both/1/model.onnx", "both/model.onnx", "two/1/a.onnx", "two/1/b.onnx", "twice.onnx", "twice/model.onnx");
        await using var administrator = await Administrator.Start(repository);
        await ForeignUploadTests.AssertAnswers(administrator, "/classify/both");
        string[] expected =
        [
            "Version 1 of twice is not served, because it may be twice/model.onnx or twice.onnx; expected one of them.",
            "Version 1 of two is not served, because it may be two/1/a.onnx or two/1/b.onnx; expected model.onnx, or one of them.",
            "both/model.onnx is not served, because both/1 is version 1; expected one of them.",
        ];
        Assert.Equal(1, (await administrator.Service.Get("/models")).GetArrayLength());
        Assert.Equal(expected, await Unclear(administrator));
        foreach (var sentence in expected)
        {
            await administrator.Service.Logs.Until(sentence);
        }

        File.Delete(Path.Combine(repository.Folder, "twice.onnx"));
        File.Move(Path.Combine(repository.Folder, "two", "1", "a.onnx"), Path.Combine(repository.Folder, "two", "1", "model.onnx"));
        File.Move(Path.Combine(repository.Folder, "twice.json"), Path.Combine(repository.Folder, "twice", "model.json"));
        await administrator.Poll(times: 2);
        await ForeignUploadTests.AssertAnswers(administrator, "/classify/twice");
        await ForeignUploadTests.AssertAnswers(administrator, "/classify/two");
        Assert.Equal(expected[2..], await Unclear(administrator));
    }

    [Fact]
    [Trait("Needs", "time")]
    public async Task Flat_file_gets_further_versions_and_is_found_when_it_is_added_later()
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        Write(repository, "flat.onnx");
        repository.WithFile("flat.json", Json);
        await administrator.Poll(times: 2);
        Assert.Equal(1, await Version(administrator));

        (await administrator.Put("/models/flat/versions/1", UploadTests.Body("good"))).Json.IsProblem(409, "conflict", "has a version 1");
        Assert.Equal(201, (await administrator.Put("/models/flat/versions/2", UploadTests.Body("good"))).Status);
        Assert.Equal(2, await Version(administrator));
        Assert.Equal(200, (await administrator.Post("/models/flat/rollback")).Status);
        Assert.Equal(1, await Version(administrator));
        Assert.Equal(200, (await administrator.Post("/models/flat/versions/2/publish")).Status);
        (await administrator.Send(HttpMethod.Delete, "/models/flat/versions/1")).Json.IsProblem(409, "conflict", "no folder of its own");
        await ForeignUploadTests.AssertAnswers(administrator, "/classify/flat/versions/1");
    }

    private static Task<int> Version(Administrator administrator) => administrator.Version("/classify/flat");

    private static async Task<string[]> Unclear(Administrator administrator) =>
    [
        .. (await administrator.Service.Get("/diagnostics")).GetProperty("unclear").EnumerateArray().Select(line => line.GetString()!),
    ];

    private static void Write(Repository repository, params string[] files)
    {
        var network = ForeignUploadTests.Bytes(ForeignNetwork.Build((g, z) => [g.Softmax(z)]));
        foreach (var file in files)
        {
            var path = Path.Combine(repository.Folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, network);
        }
    }

    private static string[] Tree(Repository repository) =>
    [
        .. Directory.EnumerateFileSystemEntries(repository.Folder, "*", SearchOption.AllDirectories)
            .Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O}").Order(StringComparer.Ordinal),
    ];
}
