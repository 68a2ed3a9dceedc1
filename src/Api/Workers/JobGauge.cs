using System.Text.Json;
using Fovea.Api.Jobs;
using Fovea.Api.Telemetry;

namespace Fovea.Api.Workers;

/// <summary>
/// Counts the jobs in each status, for the metric <c>fovea_jobs</c>. An autoscaler reads this metric to decide how many workers to start.
/// Services that only answer requests count the jobs too, because at times no worker runs.
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

    // Returns no counts if the database does not answer. The metric is then left out, because an outdated count could make the autoscaler
    // stop all workers.
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
