namespace Fovea.Api;

/// <summary>Deletes what cut uploads left, and data sets that are kept no longer.</summary>
internal sealed class DatasetSweep(DatasetStore datasets, JobStore jobs, RetentionSettings retention, TimeProvider time, ILogger<DatasetSweep> log) : HourlySweep(time, log)
{
    /// <inheritdoc/>
    protected override async Task Sweep(DateTimeOffset now, CancellationToken stop)
    {
        datasets.DeleteAbandoned();
        if (RetentionSettings.Since(retention.Datasets, now) is { } since)
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
}
