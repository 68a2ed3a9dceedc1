using System.Threading.Channels;
using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Models.Runtime;

namespace Fovea.Api.Tuning;

/// <summary>Makes loaded models answer requests. A model answers at once, and is tuned in the background while it answers.</summary>
internal sealed class ServingEngine(ServingSettings settings, ModelTuner tuner, Metrics metrics, RequestsInFlight inFlight)
    : BackgroundService
{
    private readonly Channel<ServedModel> untuned = Channel.CreateUnbounded<ServedModel>();

    /// <summary>Returns a model that answers requests, and queues it for tuning.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="version">The model's version, from 1.</param>
    /// <param name="classifier">The loaded file. The returned model disposes of it.</param>
    public ServedModel Serve(string name, int version, Classifier classifier)
    {
        var served = new ServedModel(name, version, classifier, settings.MaxQueue, metrics, inFlight);
        var admission = served.Admission;
        metrics.Watch(served, () => (name, admission.Taken));
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
