using System.Net.Http.Headers;
using System.Text.Json;
using Fovea.Api.ModelRepository;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Fovea.Api.Tests.Hosting;

/// <summary>
/// A service with an API key, and a client that sends the key. The service polls the repository only when a test calls for it.
/// </summary>
internal sealed class Administrator : IAsyncDisposable
{
    public const string Key = "a secret";

    private ModelStore store = null!;

    public TestService Service { get; private set; } = null!;

    public static async Task<Administrator> Start(Repository repository, params string[] args)
    {
        var administrator = new Administrator();
        administrator.Service = await TestService.StartReady(
            repository, administrator.Remember, ["--Fovea:PollSeconds=0", $"--Fovea:ApiKeys:0={Key}", .. args]);
        administrator.Service.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        return administrator;
    }

    public async Task<(int Status, JsonElement Json)> Send(HttpMethod method, string path, HttpContent? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        using var answer = await Service.Client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    public Task<(int Status, JsonElement Json)> Post(string path) => Send(HttpMethod.Post, path);

    public Task<(int Status, JsonElement Json)> Put(string path, byte[] model) => Send(HttpMethod.Put, path, new ByteArrayContent(model));

    /// <summary>Polls the repository as many times as the service would in this number of intervals.</summary>
    public async Task Poll(int times = 1)
    {
        for (int i = 0; i < times; i++)
        {
            await store.Poll(TimeSpan.FromHours(1), CancellationToken.None);
        }
    }

    /// <summary>Frees unused versions at once, which the service would do after a while.</summary>
    public Task FreeIdle() => store.Poll(TimeSpan.Zero, CancellationToken.None);

    /// <summary>Returns the version that answers.</summary>
    public async Task<int> Version(string path = "/classify/lenet5")
    {
        var (status, json) = await Service.Post(path, Images.Digit.As(null));
        Assert.True(status == 200, $"{json} {string.Join('\n', Service.Logs.Errors)}");
        return json.GetProperty("version").GetInt32();
    }

    public ValueTask DisposeAsync() => Service.DisposeAsync();

    private void Remember(WebApplication app) => store = app.Services.GetRequiredService<ModelStore>();
}
