using Fovea.Api.Jobs;
using Fovea.Api.Storage;
using Fovea.Models.Graphs;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// Deletes data sets that are older than <see cref="RetentionSettings.Datasets"/>, unless a job that has not ended uses them.
/// </summary>
internal sealed class DatasetSweep(
    DatasetStore datasets, JobStore jobs, RetentionSettings retention, TimeProvider time, ILogger<DatasetSweep> log)
    : HourlySweep(time, log)
{
    /// <inheritdoc/>
    protected override async Task Sweep(DateTimeOffset now, CancellationToken stop)
    {
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
