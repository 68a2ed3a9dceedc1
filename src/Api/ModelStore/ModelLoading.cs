namespace Fovea.Api;

/// <summary>Loads the models while the service is already listening.</summary>
internal sealed class ModelLoading(ModelStore models) : BackgroundService
{
    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => models.LoadAll(stoppingToken);
}
