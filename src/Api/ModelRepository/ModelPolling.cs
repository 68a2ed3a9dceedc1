using Fovea.Api.Telemetry;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// Loads the models while the service is built and while it already listens, and then polls their folder for changes.
/// </summary>
internal sealed class ModelPolling(
    ModelStore models,
    ModelStoreSettings settings,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<ModelPolling> log) : BackgroundService
{
    private readonly Lazy<Task> loading = new(() => Task.Run(() => models.LoadAll(lifetime.ApplicationStopping)));

    /// <summary>Begins to load the models. Call it only if the service will be started.</summary>
    public void Begin() => _ = loading.Value;

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (loading.IsValueCreated)
        {
            // Waits for the loading before the services that it uses are disposed of, even if this service was never started.
            await loading.Value.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await loading.Value;
        if (settings.PollSeconds == 0)
        {
            return;
        }

        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(settings.PollSeconds), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await models.Poll(TimeSpan.FromSeconds(settings.IdleVersionSeconds), stoppingToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A shared folder may be unreachable for a while. The loaded models keep serving.
                log.RepositoryUnreadable(e.Message);
            }
        }
    }
}
