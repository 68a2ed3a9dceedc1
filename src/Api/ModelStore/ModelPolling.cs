namespace Fovea.Api;

/// <summary>Loads the models while the service is already listening, and then follows what changes in their folder.</summary>
internal sealed class ModelPolling(ModelStore models, ModelStoreSettings settings, TimeProvider time, ILogger<ModelPolling> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await models.LoadAll(stoppingToken);
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
