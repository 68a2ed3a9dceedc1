using Fovea.Api.ModelRepository;
using Fovea.Api.Serving;
using Fovea.Models.Errors;

namespace Fovea.Api.InferenceProtocol;

/// <summary>The version of a model that a request of the protocol names.</summary>
/// <param name="Model">The model.</param>
/// <param name="Version">The number of a version; null is the version that serves.</param>
internal readonly record struct ModelChoice(StoredModel Model, string? Version)
{
    /// <summary>Whether the version is loaded and answers.</summary>
    /// <exception cref="RefusalException">There is no such version.</exception>
    public bool IsReady => (Version is null ? Model.Now.Serving : Model.Find(Version))?.Served is not null;

    /// <summary>Takes a lease of the version. If the request names a version that is not loaded, the version is loaded first.</summary>
    /// <exception cref="RefusalException">There is no such version, or it cannot be loaded.</exception>
    public async ValueTask<Lease> Lease() => Version is null ? Model.Serve() : await Model.Serve(Version);

    /// <summary>Describes the tensors of the version.</summary>
    /// <exception cref="RefusalException">There is no such version, or it cannot be loaded.</exception>
    public async ValueTask<ModelTensors> Describe()
    {
        using var lease = await Lease();
        return ModelTensors.Of(Model, lease.Model);
    }
}
