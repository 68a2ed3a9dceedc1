namespace Fovea.Api;

/// <summary>Loads the models while the service is put together and while it listens already, and then follows what changes in their folder.</summary>
internal sealed class ModelPolling(ModelStore models, ModelStoreSettings settings, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ModelPolling> log) : BackgroundService
{
    private readonly Lazy<Task> loading = new(() => Task.Run(() => models.LoadAll(lifetime.ApplicationStopping)));

    /// <summary>Begins to load the models; to be called where the service is going to be started.</summary>
    public void Begin() => _ = loading.Value;

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (loading.IsValueCreated)
        {
            // What models are being loaded with is not taken apart meanwhile, even where this was never started.
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
                // A share that cannot be reached for a while; what is loaded goes on serving.
                log.RepositoryUnreadable(e.Message);
            }
        }
    }
}
