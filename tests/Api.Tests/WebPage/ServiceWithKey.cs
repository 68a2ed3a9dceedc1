using Fovea.Api.Tests.Documentation;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.WebPage;

/// <summary>A service with an API key and data of its own.</summary>
internal sealed class ServiceWithKey : IAsyncDisposable
{
    public const string Key = "a secret";

    private readonly TemporaryFolder data = new();
    private readonly Repository repository;
    private TestService service = null!;

    private ServiceWithKey(Repository repository) => this.repository = repository;

    /// <summary>The address without a slash at its end.</summary>
    public string Address => service.Client.BaseAddress!.ToString().TrimEnd('/');

    /// <summary>Starts a service on a repository; by default on one with the trained lenet5 of this repository.</summary>
    public static async Task<ServiceWithKey> Start(Repository? repository = null)
    {
        var started = new ServiceWithKey(repository ?? WithDigits());
        started.service = await TestService.StartReady(
            started.repository, null, $"--Fovea:ApiKeys:0={Key}", $"--Fovea:Data={started.data.Path}");
        return started;
    }

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        repository.Dispose();
        data.Dispose();
    }

    private static Repository WithDigits()
    {
        var repository = new Repository();
        var folder = Path.Combine(repository.Folder, "lenet5", "1");
        Directory.CreateDirectory(folder);
        File.Copy(Path.Combine(DocumentPage.Root, "onnx", "lenet5", "1", "model.onnx"), Path.Combine(folder, "model.onnx"));
        return repository;
    }
}
