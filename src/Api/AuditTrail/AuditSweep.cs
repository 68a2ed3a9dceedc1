using Fovea.Api.Storage;

namespace Fovea.Api.AuditTrail;

/// <summary>Deletes the files of the audit trail that are older than <see cref="RetentionSettings.Audit"/>.</summary>
internal sealed class AuditSweep(AuditLog audit, RetentionSettings retention, TimeProvider time, ILogger<AuditSweep> log)
    : HourlySweep(time, log)
{
    /// <inheritdoc/>
    protected override Task Sweep(DateTimeOffset now, CancellationToken stop)
    {
        if (RetentionSettings.Since(retention.Audit, now) is { } since)
        {
            audit.DeleteBefore(since);
        }

        return Task.CompletedTask;
    }
}
