using Fovea.Models;

namespace Fovea.Api;

/// <summary>Loads versions of models from their files.</summary>
internal sealed class ModelLoader(Settings settings, ServingEngine engine, Device device, Metrics metrics, TimeProvider time, ILogger<ModelLoader> log)
{
    /// <summary>A version, not loaded yet.</summary>
    public ModelVersion Open(string model, VersionFolder version) => new(version, model, time, folder => Load(model, folder));

    /// <summary>Loads a version from its file and from what stands beside it.</summary>
    /// <param name="version">The version's folder.</param>
    /// <param name="model">The model's folder.</param>
    /// <param name="device">What it is to run on.</param>
    /// <exception cref="FoveaException">It cannot be used; the message says why.</exception>
    public static Classifier Load(string version, string model, Device device) => Classifier.Load(
        Path.Combine(version, VersionFolder.ModelFile),
        overrides: ModelJson.Read(Path.Combine(version, VersionFolder.JsonFile)),
        fallback: ModelJson.Read(Path.Combine(model, VersionFolder.JsonFile)),
        device);

    /// <summary>What a version says about itself, together with what stands beside it, without loading it.</summary>
    /// <param name="version">The version's folder.</param>
    /// <param name="model">The model's folder.</param>
    /// <exception cref="FoveaException">A file cannot be read.</exception>
    public static ModelMetadata Describe(string version, string model) => (ModelJson.Read(Path.Combine(version, VersionFolder.JsonFile)) ?? new())
        .Or(ModelMetadata.Read(OnnxFile.Read(Path.Combine(version, VersionFolder.ModelFile)).Metadata))
        .Or(ModelJson.Read(Path.Combine(model, VersionFolder.JsonFile)));

    private ServedModel Load(string model, VersionFolder version)
    {
        long start = time.GetTimestamp();
        try
        {
            var classifier = Load(version.Path, Path.GetDirectoryName(version.Path)!, device);
            metrics.Loaded(model, succeeded: true, time.GetElapsedTime(start));
            log.ModelLoaded(model, version.Number, time.GetElapsedTime(start).TotalMilliseconds);
            return engine.Serve(model, version.Number, classifier);
        }
        catch (FoveaException e)
        {
            metrics.Loaded(model, succeeded: false, time.GetElapsedTime(start));
            log.ModelFailed(model, e.Message);
            throw new FoveaException(ErrorCode.ModelUnavailable, Relative($"Version {version.Number} cannot be loaded: {e.Message}"), e);
        }
        catch (Exception e)
        {
            log.ModelFailed(model, $"version {version.Number} cannot be loaded", e);
            throw new FoveaException(ErrorCode.ModelUnavailable, $"Version {version.Number} cannot be loaded; the log says why.", e);
        }
    }

    // Callers need not know where on the machine the files are.
    private string Relative(string message) => message.Replace(settings.ModelRepository + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
}
