using Fovea.Api.Configuration;

namespace Fovea.Api.Storage;

/// <summary>
/// Deletes the staging folders that killed processes left in the model repository and in the folder of data sets, when the service starts
/// and every hour.
/// </summary>
internal sealed class StagingSweep(Settings settings, TimeProvider time, ILogger<StagingSweep> log) : HourlySweep(time, log)
{
    /// <inheritdoc/>
    protected override Task Sweep(DateTimeOffset now, CancellationToken stop)
    {
        StagingFolder.DeleteAbandoned(settings.ModelRepository, now);
        StagingFolder.DeleteAbandoned(settings.DatasetFolder, now);
        return Task.CompletedTask;
    }
}
