using System.Diagnostics;
using Fovea.Api.Configuration;
using Fovea.Api.Telemetry;
using Fovea.Models.Files;

namespace Fovea.Api.Storage;

/// <summary>
/// Looks once a second whether the folders of <see cref="SharedDisk"/> are there, and logs when one is missing and when it is back. Callers
/// use it to tell a step that failed because a folder was missing from one that failed for another reason. Thread-safe.
/// </summary>
internal sealed class DiskWatch(Settings settings, TimeProvider time, ILogger<DiskWatch> log) : BackgroundService
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    /// <summary>Returns the name of the setting whose folder is missing now; null if both folders are there.</summary>
    public string? Missing() => SharedDisk.Missing(settings);

    /// <summary>
    /// Whether a folder is missing now, or was since this timestamp of <see cref="Stopwatch"/>: at a look, or when anything else in this
    /// process missed it.
    /// </summary>
    public bool WasMissingSince(long timestamp) => Missing() is not null
        || FixedFolders.LastMiss(settings.Data) >= timestamp || FixedFolders.LastMiss(settings.ModelRepository) >= timestamp;

    /// <summary>Checks that no folder was missing since a timestamp, so that what was read meanwhile is complete.</summary>
    /// <exception cref="DirectoryNotFoundException">A folder is missing, or was.</exception>
    public void RequireSince(long timestamp)
    {
        if (WasMissingSince(timestamp))
        {
            throw new DirectoryNotFoundException("A folder that is needed was missing for a while");
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var looks = new PeriodicTimer(BetweenLooks, time);
        for (string? before = null; await looks.WaitForNextTickAsync(stoppingToken);)
        {
            // The service makes the folder of the data at its first use.
            SharedDisk.Note(settings);
            var missing = Missing();
            if (missing is not null && before is null)
            {
                log.DiskMissing(missing);
            }
            else if (missing is null && before is not null)
            {
                log.DiskBack(before);
            }

            before = missing;
        }
    }
}
