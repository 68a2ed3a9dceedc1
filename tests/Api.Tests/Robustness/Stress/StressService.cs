using System.Collections.Concurrent;
using System.Text.Json;
using Fovea.Api.Hosting;
using Fovea.Api.Scheduling;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Fovea.Api.Tests.Robustness.Stress;

/// <summary>A service in this process with clients that classify all the time, and the findings about it.</summary>
internal sealed class StressService : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly CancellationTokenSource over = new();
    private readonly List<Task> clients = [];
    private readonly HttpClient client;
    private readonly StressLog log;
    private readonly StressFindings findings;

    private StressService(WebApplication app, StressLog log, StressFindings findings)
    {
        (this.app, this.log, this.findings) = (app, log, findings);
        client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", "key");
    }

    /// <summary>Starts a service, which may still be loading models when this returns.</summary>
    public static async Task<StressService> Start(string repository, string data, StressFindings findings, params string[] args)
    {
        var log = new StressLog();
        var app = Service.Build(
            [
                "--urls=http://127.0.0.1:0", "--role=serve", "--Logging:Console:LogLevel:Default=None", "--Fovea:ApiKeys:0=key",
                $"--Fovea:ModelRepository={repository}", $"--Fovea:Data={data}", .. args,
            ],
            builder => builder.Logging.AddProvider(log));
        await app.StartAsync();
        return new(app, log, findings);
    }

    /// <summary>
    /// Adds delays before the transitions of every scheduler in this process, so that races become likely. A change of sessions waits until
    /// some images have slots, and they are written only after the change. Dispose of the result to end the delays.
    /// </summary>
    public static IDisposable DelayTransitions(int seed)
    {
        const int Images = 3;
        int calls = seed, changes = 0, held = 0;
        Scheduler.Before = transition =>
        {
            if (transition == Transition.SessionsChange)
            {
                Interlocked.Increment(ref changes);
                SpinWait.SpinUntil(() => Volatile.Read(ref held) >= Images, TimeSpan.FromMilliseconds(200));
                Interlocked.Decrement(ref changes);
            }
            else if (transition == Transition.ImageIsWritten && Volatile.Read(ref changes) > 0)
            {
                Interlocked.Increment(ref held);
                SpinWait.SpinUntil(() => Volatile.Read(ref changes) == 0, TimeSpan.FromMilliseconds(300));
                Thread.Sleep(5);
                Interlocked.Decrement(ref held);
            }

            switch (Random.Shared.Next(64) + (Interlocked.Increment(ref calls) % 3))
            {
                case 0 or 1:
                    Thread.Sleep(1);
                    break;
                case < 8:
                    Thread.Yield();
                    break;
                case < 12:
                    Thread.SpinWait(2_000);
                    break;
            }
        };
        return new Undo(() => Scheduler.Before = null);
    }

    /// <summary>Sends the test image to these models all the time.</summary>
    public void Classify(int clientCount, byte[] image, IReadOnlyList<StressModel> contents, params string[] paths)
    {
        for (int i = 0; i < clientCount; i++)
        {
            int number = i;
            clients.Add(Task.Run(async () =>
            {
                for (int turn = number; !over.IsCancellationRequested; turn++)
                {
                    await ClassifyOnce(paths[turn % paths.Length], image, contents);
                }
            }));
        }
    }

    /// <summary>Sends an administrative request, and returns the status.</summary>
    public async Task<int> Administer(HttpMethod method, string path, byte[]? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new ByteArrayContent(body) };
        using var answer = await client.SendAsync(request);
        findings.Administered((int)answer.StatusCode, $"{method} {path}: {await answer.Content.ReadAsStringAsync()}");
        return (int)answer.StatusCode;
    }

    /// <summary>Waits until this number of images has been answered, at most for a minute.</summary>
    public async Task UntilAnswered(long images)
    {
        for (int i = 0; i < 6_000 && findings.Right < images; i++)
        {
            await Task.Delay(10);
        }
    }

    /// <summary>Stops the service in the way of SIGTERM while clients keep sending, and then stops the clients.</summary>
    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await over.CancelAsync();
        await Task.WhenAll(clients);
        await app.DisposeAsync();
        client.Dispose();
        over.Dispose();
        findings.Logged(log.Faults);
    }

    private async Task ClassifyOnce(string path, byte[] image, IReadOnlyList<StressModel> contents)
    {
        try
        {
            using var answer = await client.PostAsync($"{path}?top=5", new ByteArrayContent(image));
            var text = await answer.Content.ReadAsStringAsync();
            var whyWrong = answer.IsSuccessStatusCode ? StressModel.WhyWrong(JsonDocument.Parse(text).RootElement, contents) : null;
            findings.Answered((int)answer.StatusCode, path, text, whyWrong);
            if (!answer.IsSuccessStatusCode)
            {
                await Task.Delay(5);
            }
        }
        catch (HttpRequestException)
        {
            // The service has stopped, or is stopping.
            await Task.Delay(5);
        }
    }

    private sealed class Undo(Action undo) : IDisposable
    {
        public void Dispose() => undo();
    }
}

/// <summary>Collects log messages of a service that are errors or have exceptions.</summary>
internal sealed class StressLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> faults = [];

    public IEnumerable<string> Faults => faults;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Error || exception is not null)
        {
            faults.Enqueue($"{formatter(state, exception)} {exception}");
        }
    }

    public void Dispose()
    {
    }
}
