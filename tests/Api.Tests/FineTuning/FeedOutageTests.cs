using Fovea.Api.FineTuning;
using Microsoft.Extensions.Logging;

namespace Fovea.Api.Tests.FineTuning;

public sealed class FeedOutageTests : ILogger
{
    private int logged;

    [Fact]
    public void Outage_is_logged_once_though_reads_from_before_it_end_late()
    {
        var outage = new FeedOutage(this);
        int before = outage.Turns;
        outage.Begin(new IOException(), before);
        outage.Begin(new IOException(), before);
        int during = outage.Turns;
        outage.End(before);
        outage.Begin(new IOException(), during);
        Assert.Equal(1, logged);

        outage.End(during);
        outage.Begin(new IOException(), during);
        Assert.Equal(1, logged);
        outage.Begin(new IOException(), outage.Turns);
        Assert.Equal(2, logged);
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => logged++;
}
