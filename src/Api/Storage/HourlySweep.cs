using Fovea.Api.Telemetry;

namespace Fovea.Api.Storage;

/// <summary>Deletes expired items when the service starts and every hour. Several services may do this at the same time.</summary>
internal abstract class HourlySweep(TimeProvider time, ILogger log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>The log of the deletions.</summary>
    protected ILogger Logger => log;

    /// <summary>Deletes the expired items once.</summary>
    public Task Sweep(CancellationToken stop) => Sweep(time.GetUtcNow(), stop);

    /// <summary>Deletes the items that have expired at the time <paramref name="now"/>.</summary>
    protected abstract Task Sweep(DateTimeOffset now, CancellationToken stop);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await Sweep(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A shared folder or a database may be unreachable for a while, or another service may sweep at the same time. The next
                // sweep tries again.
                log.NotSwept(e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
