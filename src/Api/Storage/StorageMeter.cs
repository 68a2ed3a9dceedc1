using Fovea.Api.Configuration;

namespace Fovea.Api.Storage;

/// <summary>
/// Measures disk use. A measurement walks over all files, so requests at the same time share one, and its result is kept for 30 seconds.
/// Thread-safe.
/// </summary>
internal sealed class StorageMeter(Settings settings, RetentionSettings retention, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private Task<StorageUse>? measurement;
    private long measuredAt;

    /// <summary>Returns the disk use, measured at most 30 seconds ago.</summary>
    public Task<StorageUse> Measure()
    {
        lock (gate)
        {
            bool isOld = measurement is null || (measurement.IsCompleted && time.GetElapsedTime(measuredAt) >= Fresh);
            return isOld ? measurement = Task.Run(MeasureNow) : measurement!;
        }
    }

    private StorageUse MeasureNow()
    {
        var use = StorageUse.Of(settings, retention);
        measuredAt = time.GetTimestamp();
        return use;
    }
}
