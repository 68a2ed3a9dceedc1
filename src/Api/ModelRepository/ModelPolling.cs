using Fovea.Api.Telemetry;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// Loads the models while the service starts, and then polls the repository for changes. The service already listens while models load.
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
            // Loading uses other services, which are disposed of after this method. So it waits until loading has ended.
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
