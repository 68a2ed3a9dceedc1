using System.Threading.Channels;
using Fovea.Api.Tuning;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>Puts loaded models to work: a model answers at once, and is tuned in the background while it serves.</summary>
internal sealed class ServingEngine(ServingSettings settings, ModelTuner tuner, Metrics metrics, RequestsInFlight inFlight)
    : BackgroundService
{
    private readonly Channel<ServedModel> untuned = Channel.CreateUnbounded<ServedModel>();

    /// <summary>Serves a model.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="version">Its version, from 1.</param>
    /// <param name="classifier">What was loaded; it now belongs to what is returned.</param>
    public ServedModel Serve(string name, int version, Classifier classifier)
    {
        var served = new ServedModel(name, version, classifier, settings.MaxQueue, metrics, inFlight);
        metrics.Watch(served);
        untuned.Writer.TryWrite(served);
        return served;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var tuning = new List<Task>();
        try
        {
            await foreach (var served in untuned.Reader.ReadAllAsync(stoppingToken))
            {
                tuning.RemoveAll(task => task.IsCompleted);
                tuning.Add(Task.Run(() => tuner.Tune(served, stoppingToken), CancellationToken.None));
            }
        }
        finally
        {
            await Task.WhenAll(tuning);
        }
    }
}
