namespace Fovea.Api;

/// <summary>Deletes, at the start and every hour, what cut uploads left and data sets that are kept no longer.</summary>
internal sealed class DatasetSweep(DatasetStore datasets, JobStore jobs, RetentionSettings retention, TimeProvider time, ILogger<DatasetSweep> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>Does it once.</summary>
    public async Task Sweep(CancellationToken stop)
    {
        datasets.DeleteAbandoned();
        if (RetentionSettings.Since(retention.Datasets, time.GetUtcNow()) is { } since)
        {
            foreach (var dataset in datasets.All.Where(dataset => dataset.CreatedAt < since.ToUnixTimeSeconds()))
            {
                if (!await jobs.UsesDataset(dataset.Id, stop))
                {
                    datasets.Delete(dataset.Id);
                }
            }
        }
    }

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
