using Fovea.Api.Jobs;
using Fovea.Api.ModelRepository;

namespace Fovea.Api.Probes;

/// <summary>Whether the service is ready for requests.</summary>
internal sealed class Readiness(ModelStore models, FineTuningSettings roles, IHostApplicationLifetime lifetime)
{
    /// <summary>Cancelled when the service begins to shut down.</summary>
    public CancellationToken Stopping => lifetime.ApplicationStopping;

    /// <summary>Whether the service is ready.</summary>
    public bool IsReady => WhyNot is null;

    /// <summary>
    /// The reason why the service is not ready: it is shutting down, or it is still loading a model. Null if the service is ready. A
    /// service that only trains need not load models.
    /// </summary>
    public string? WhyNot => Stopping.IsCancellationRequested ? "The service is shutting down."
        : models.IsLoaded || !roles.Serves ? null
        : "The service is starting: not all models are loaded yet.";
}
