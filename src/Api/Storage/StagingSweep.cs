using Fovea.Api.Configuration;

namespace Fovea.Api.Storage;

/// <summary>
/// Deletes, at the start and every hour, the staging folders that killed processes have left: those of models and those of data sets.
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
