using System.Collections.Concurrent;
using Fovea.Models.Graphs;
using Microsoft.Extensions.Logging;

namespace Fovea.Api.Tests.Hosting;

/// <summary>Collects the log of a service.</summary>
internal sealed class Logs : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> entries = [];

    public IEnumerable<string> Texts => entries.Select(entry => entry.Text);

    public IEnumerable<string> Errors => entries.Where(entry => entry.Level >= LogLevel.Error).Select(entry => entry.Text);

    public IEnumerable<string> Warnings => entries.Where(entry => entry.Level == LogLevel.Warning).Select(entry => entry.Text);

    /// <summary>Waits until a log message contains this text.</summary>
    public Task Until(string text) =>
        Eventually.True(
            () => Task.FromResult(entries.Any(entry => entry.Text.Contains(text, StringComparison.Ordinal))), $"the log to say: {text}");

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        entries.Enqueue((logLevel, $"{formatter(state, exception)} {exception}"));

    public void Dispose()
    {
    }
}
