using Fovea.Api.Telemetry;

namespace Fovea.Api.Storage;

/// <summary>Deletes expired items at the start and every hour. Several services may sweep at the same time.</summary>
internal abstract class HourlySweep(TimeProvider time, ILogger log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>The log for deletions.</summary>
    protected ILogger Logger => log;

    /// <summary>Deletes the expired items once.</summary>
    public Task Sweep(CancellationToken stop) => Sweep(time.GetUtcNow(), stop);

    /// <summary>Deletes once the items that are expired at the time <paramref name="now"/>.</summary>
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
