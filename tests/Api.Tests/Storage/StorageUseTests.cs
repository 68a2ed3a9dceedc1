using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.Storage;

public sealed class StorageUseTests
{
    [Fact]
    public async Task Disk_use_and_retention_are_shown_to_administrators()
    {
        using var data = new TemporaryFolder();
        using var repository = new Repository().With("lenet5", 1);
        Directory.CreateDirectory(data["datasets/ds_1/cat"]);
        await File.WriteAllBytesAsync(data["datasets/ds_1/cat/1.png"], new byte[100], TestContext.Current.CancellationToken);
        await using var service = await TestService.StartReady(
            repository, null, "--Fovea:ApiKeys:0=secret", $"--Fovea:Data={data.Path}", "--Fovea:Retention:Jobs=7");
        using var closed = await service.Client.GetAsync("/storage", TestContext.Current.CancellationToken);
        await closed.IsProblem(401, "unauthorized", "API key");
        service.Client.DefaultRequestHeaders.Authorization = new("Bearer", "secret");
        var use = await service.Get("/storage");
        var folders = use.GetProperty("folders").EnumerateArray().ToDictionary(folder => folder.GetProperty("name").GetString()!);
        Assert.Equal(["models", "adopted", "datasets", "jobs", "weights"], folders.Keys);
        Assert.Equal(
            (1L, 100L), (folders["datasets"].GetProperty("files").GetInt64(), folders["datasets"].GetProperty("bytes").GetInt64()));
        Assert.True(folders["models"].GetProperty("bytes").GetInt64() > 100_000);
        Assert.Equal(0, folders["jobs"].GetProperty("files").GetInt64());
        Assert.All(folders.Values, folder => Assert.True(folder.GetProperty("free").GetInt64() > 0));
        Assert.Equal("""{"datasets":0,"jobs":7,"checkpoints":30,"audit":365}""", use.GetProperty("retention").GetRawText());
    }
}
