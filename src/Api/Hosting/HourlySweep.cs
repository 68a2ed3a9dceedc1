namespace Fovea.Api;

/// <summary>Deletes, at the start and every hour, what is kept no longer. Several services may do it at the same time.</summary>
internal abstract class HourlySweep(TimeProvider time, ILogger log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>Where it says what it deletes.</summary>
    protected ILogger Logger => log;

    /// <summary>Does it once.</summary>
    public Task Sweep(CancellationToken stop) => Sweep(time.GetUtcNow(), stop);

    /// <summary>Does it once, as of this time.</summary>
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
                // A share or a database that cannot be reached for a while, or another service that sweeps too.
                log.NotSwept(e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
