using System.Text.Json;
using Fovea.Api.Jobs;
using Fovea.Api.Telemetry;

namespace Fovea.Api.Workers;

/// <summary>
/// Counts the jobs by status, for the metric <c>fovea_jobs</c>. An autoscaler reads it to decide how many workers there should be, so
/// services that answer requests count too, and one of them is always there.
/// </summary>
internal sealed class JobGauge(StateDatabase database, JobStore jobs, Metrics metrics, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            metrics.Jobs = await Count(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    // Without an answer of the database there is no count, and the metric is absent: a count that is too old could stop all workers.
    private async Task<IReadOnlyDictionary<string, int>> Count(CancellationToken stop)
    {
        try
        {
            var counts = database.IsMade ? await jobs.CountByStatus(stop) : new Dictionary<JobStatus, int>();
            return Enum.GetValues<JobStatus>().ToDictionary(
                status => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{status}"), status => counts.GetValueOrDefault(status));
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            return new Dictionary<string, int>();
        }
    }
}
