using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.ModelRepository;

[Trait("Needs", "time")]
public sealed class PollTests
{
    [Fact]
    public async Task Model_copied_into_the_folder_is_served_once_the_copy_is_complete()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository);
        var whole = UploadTests.Body("good");
        var file = Path.Combine(repository.Folder, "lenet5", "2", "model.onnx");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        for (int bytes = 50_000; bytes < whole.Length; bytes += 50_000)
        {
            await File.WriteAllBytesAsync(file, whole[..bytes], TestContext.Current.CancellationToken);
            await administrator.Poll();
            Assert.Null(await Reason(administrator));
        }

        await File.WriteAllBytesAsync(file, whole, TestContext.Current.CancellationToken);
        await administrator.Poll();
        Assert.Equal(1, await administrator.Version());
        await administrator.Poll();
        Assert.Equal(2, await administrator.Version());
    }

    [Fact]
    public async Task New_model_is_found_and_a_deleted_model_is_forgotten()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository);
        repository.With("other", 4);
        await administrator.Poll(2);
        Assert.Equal(4, await administrator.Version("/classify/other"));
        Directory.Delete(Path.Combine(repository.Folder, "lenet5"), recursive: true);
        await administrator.Poll(2);
        Assert.Equal("other", Assert.Single((await administrator.Service.Get("/models")).EnumerateArray()).GetProperty("name").GetString());
        await administrator.Service.Logs.Until("The files of lenet5 in the repository have changed; no version serves now");
    }

    [Fact]
    public async Task Changed_file_that_cannot_be_loaded_keeps_the_old_version_serving_with_the_reason()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository);
        repository.WithFile("lenet5/1/model.onnx", "no ONNX");
        await administrator.Poll(2);
        Assert.Contains("Version 1 cannot be loaded", await Reason(administrator), StringComparison.Ordinal);
        await administrator.Service.Logs.Until("have changed; version 1 serves now: Version 1 cannot be loaded");
        Assert.Equal(1, await administrator.Version());
        repository.WithFile("lenet5/default", "7");
        await administrator.Poll(2);
        Assert.Contains("default holds 7", await Reason(administrator), StringComparison.Ordinal);
        Assert.Equal(1, await administrator.Version());
        repository.With("lenet5", 1).WithFile("lenet5/default", "1");
        await administrator.Poll(2);
        Assert.Null(await Reason(administrator));
    }

    [Fact]
    public async Task Version_published_by_another_service_serves_after_the_next_poll()
    {
        using var repository = new Repository().With("lenet5", 1, 2);
        await using var administrator = await Administrator.Start(repository);
        repository.WithFile("lenet5/default", "1");
        await administrator.Poll();
        Assert.Equal(1, await administrator.Version());
    }

    [Fact]
    public async Task Changed_labels_beside_the_file_are_used_after_the_next_poll()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository);
        repository.WithFile("lenet5/model.json", "{}")
            .WithFile("lenet5/1/model.json", """{ "labels": ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] }""");
        await administrator.Poll(2);
        var (_, answer) = await administrator.Service.Post("/classify/lenet5", Images.Digit.As(null));
        Assert.Matches("^[a-j]$", answer.GetProperty("predictions")[0].GetProperty("label").GetString());
    }

    [Fact]
    public async Task Version_loaded_by_its_number_is_freed_when_it_is_no_longer_used()
    {
        using var repository = new Repository().With("lenet5", 1, 2);
        await using var administrator = await Administrator.Start(repository);
        Assert.Equal(1, await administrator.Version("/classify/lenet5/versions/1"));
        Assert.Equal([1, 2], await Loaded(administrator));
        await administrator.FreeIdle();
        Assert.Equal([2], await Loaded(administrator));
        Assert.Equal(1, await administrator.Version("/classify/lenet5/versions/1"));
    }

    [Fact]
    public async Task Service_polls_the_repository_by_itself()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository, "--Fovea:PollSeconds=1");
        repository.With("lenet5", 2);
        await Eventually.True(async () => await administrator.Version() == 2);
    }

    private static async Task<string?> Reason(Administrator administrator) =>
        (await administrator.Service.Get("/models/lenet5")).TryGetProperty("reason", out var reason) ? reason.GetString() : null;

    private static async Task<IEnumerable<int>> Loaded(Administrator administrator) =>
        (await administrator.Service.Get("/diagnostics"))
            .GetProperty("models").EnumerateArray().Select(model => model.GetProperty("version").GetInt32())
            .Order();
}
