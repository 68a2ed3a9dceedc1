using System.Net.Http.Json;
using System.Text.Json;
using Fovea.Api.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

[assembly: AssemblyFixture(typeof(Fovea.Api.Tests.Hosting.SharedService))]

namespace Fovea.Api.Tests.Hosting;

/// <summary>The whole service on a free port of this machine.</summary>
internal sealed class TestService : IAsyncDisposable
{
    private readonly WebApplication app;

    private TestService(WebApplication app)
    {
        this.app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    public Logs Logs { get; private init; } = new();

    public static async Task<TestService> Start(Repository repository, Action<WebApplication>? configure = null, params string[] args)
    {
        var logs = new Logs();
        var app = Service.Build(
            [
                "--urls=http://127.0.0.1:0",
                "--role=serve",
                "--Logging:Console:LogLevel:Default=None",
                $"--Fovea:ModelRepository={repository.Folder}",
                $"--Fovea:Data={Repository.Data}",
                .. args,
            ],
            builder => builder.Logging.AddProvider(logs));
        configure?.Invoke(app);
        await app.StartAsync();
        return new(app) { Logs = logs };
    }

    public static async Task<TestService> StartReady(Repository repository, Action<WebApplication>? configure = null, params string[] args)
    {
        var service = await Start(repository, configure, args);
        await service.UntilReady();
        return service;
    }

    public Task UntilReady() => Eventually.True(async () => (await Client.GetAsync("/health/ready")).IsSuccessStatusCode);

    public async Task<(int Status, JsonElement Json)> Post(string path, HttpContent? body)
    {
        using var answer = await Client.PostAsync(path, body);
        return ((int)answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    public Task<string> Metrics() => Client.GetStringAsync("/metrics");

    public T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    public Task<JsonElement> Get(string path) => Client.GetFromJsonAsync<JsonElement>(path);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }
}

/// <summary>One service for all tests that only read: lenet5 with the versions 1 and 2.</summary>
public sealed class SharedService : IAsyncLifetime
{
    private readonly Repository repository = new Repository().With("lenet5", 1, 2);

    internal TestService Running { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Running = await TestService.StartReady(repository);

    public async ValueTask DisposeAsync()
    {
        await Running.DisposeAsync();
        repository.Dispose();
    }
}
