using System.Net.Sockets;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.WebPage;

/// <summary>A service in a process of its own, which can be killed and started again at the same address.</summary>
internal sealed class RestartableService(string address, string repository, string data, string key) : IDisposable
{
    private ServiceProcess? process;

    /// <summary>Starts the service, and waits until it is ready.</summary>
    public async Task Start()
    {
        process = new ServiceProcess(
            new Dictionary<string, string?>
            {
                ["ASPNETCORE_URLS"] = address,
                ["Fovea__ModelRepository"] = repository,
                ["Fovea__Data"] = data,
                ["Fovea__ApiKeys__0"] = key,
                ["Fovea__TakeoverSeconds"] = "10",
            });
        using var client = new HttpClient();
        await Eventually.True(async () => await IsReady(client));
    }

    /// <summary>Kills the service without a warning, and starts it again.</summary>
    public async Task Restart()
    {
        process!.Kill();
        process.Dispose();
        await Start();
    }

    public void Dispose() => process?.Dispose();

    private async Task<bool> IsReady(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri($"{address}/health/ready"), TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException)
        {
            return false;
        }
    }
}
