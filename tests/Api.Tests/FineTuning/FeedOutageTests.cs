using Fovea.Api.FineTuning;
using Microsoft.Extensions.Logging;

namespace Fovea.Api.Tests.FineTuning;

public sealed class FeedOutageTests
{
    [Fact]
    public void Outage_is_logged_once_though_reads_from_before_it_end_late()
    {
        var log = new CountingLog();
        var outage = new FeedOutage(log);
        int before = outage.Turns;
        outage.Begin(new IOException(), before);
        outage.Begin(new IOException(), before);
        int during = outage.Turns;
        outage.End(before);
        outage.Begin(new IOException(), during);
        Assert.Equal(1, log.Entries);

        outage.End(during);
        outage.Begin(new IOException(), during);
        Assert.Equal(1, log.Entries);
        outage.Begin(new IOException(), outage.Turns);
        Assert.Equal(2, log.Entries);
    }

    private sealed class CountingLog : ILogger
    {
        public int Entries { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Entries++;
    }
}
