using Fovea.Api.Tests.Hosting;

[assembly: AssemblyFixture(typeof(Fovea.Client.Tests.Hosting.RunningService))]

namespace Fovea.Client.Tests.Hosting;

/// <summary>The service as a process of its own, with a key, the trained lenet5 of this repository, and data of its own.</summary>
public sealed class RunningService : IAsyncLifetime
{
    public const string Key = "a secret";

    private readonly TemporaryFolder data = new(), models = new();
    private ServiceProcess process = null!;

    public Uri Address { get; } = new($"http://127.0.0.1:{ServiceProcess.FreePort()}");

    public FoveaClient Client() => new(Options());

    public FoveaClientOptions Options() => new() { Address = Address, ApiKey = Key };

    public async ValueTask InitializeAsync()
    {
        var folder = Directory.CreateDirectory(models[Path.Combine("lenet5", "1")]).FullName;
        File.Copy(Path.Combine(AppContext.BaseDirectory, "onnx", "lenet5", "1", "model.onnx"), Path.Combine(folder, "model.onnx"));
        process = new ServiceProcess(new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = Address.ToString(),
            ["Fovea__ModelRepository"] = models.Path,
            ["Fovea__Data"] = data.Path,
            ["Fovea__ApiKeys__0"] = Key,
            ["Fovea__PollSeconds"] = "1",
        });
        using var client = Client();
        await Eventually.True(() => IsReady(client));
    }

    public ValueTask DisposeAsync()
    {
        process.Dispose();
        data.Dispose();
        models.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<bool> IsReady(FoveaClient client)
    {
        try
        {
            await client.CheckReadyAsync(TestContext.Current.CancellationToken);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or FoveaClientException)
        {
            return false;
        }
    }
}
