using Fovea.Models;

namespace Fovea.Api;

/// <summary>Loads versions of models from their files.</summary>
internal sealed class ModelLoader(
    PrivatePaths paths, ServingEngine engine, Device device, Metrics metrics, TimeProvider time, ILogger<ModelLoader> log)
{
    /// <summary>A version, not loaded yet.</summary>
    public ModelVersion Open(string model, VersionFolder version) => new(version, model, time, folder => Load(model, folder));

    /// <summary>Loads a version from its file and from the files beside it. None of them may change meanwhile.</summary>
    /// <param name="version">The version's folder.</param>
    /// <param name="model">The model's folder.</param>
    /// <param name="device">The device that it is to run on.</param>
    /// <exception cref="FoveaException">It cannot be used; the message says why.</exception>
    public static Classifier Load(string version, string model, Device device) => Classifier.Load(
        Path.Combine(version, VersionFolder.ModelFile),
        overrides: ModelJson.Read(Path.Combine(version, VersionFolder.JsonFile)),
        fallback: ModelJson.Read(Path.Combine(model, VersionFolder.JsonFile)),
        device);

    /// <summary>
    /// What the files of a version say about it now, without loading it. They may be others than those of a loaded version.
    /// </summary>
    /// <param name="version">The version's folder.</param>
    /// <param name="model">The model's folder.</param>
    /// <exception cref="FoveaException">A file cannot be read, or the files are being written.</exception>
    public static ModelMetadata Describe(string version, string model)
    {
        var folder = VersionFolder.Read(version)
            ?? throw new FoveaException(
                ErrorCode.BadModelFile,
                $"There is no file '{Path.Combine(version, VersionFolder.ModelFile)}'; expected an .onnx file.");
        return folder.ReadUnchanged(
            now => (ModelJson.Read(Path.Combine(version, VersionFolder.JsonFile)) ?? new())
                .Or(ModelMetadata.Read(OnnxFile.Read(now.File).Metadata))
                .Or(ModelJson.Read(Path.Combine(model, VersionFolder.JsonFile))),
            TimeProvider.System).Result;
    }

    private LoadedVersion Load(string model, VersionFolder version)
    {
        long start = time.GetTimestamp();
        try
        {
            var ((classifier, digest), folder) = version.ReadUnchanged(Load, time);
            metrics.Loaded(model, succeeded: true, time.GetElapsedTime(start));
            log.ModelLoaded(model, version.Number, time.GetElapsedTime(start).TotalMilliseconds);
            return new(engine.Serve(model, version.Number, classifier), folder, digest);
        }
        catch (FoveaException e)
        {
            metrics.Loaded(model, succeeded: false, time.GetElapsedTime(start));
            log.ModelFailed(model, e.Message);
            var reason = paths.RemoveFrom($"Version {version.Number} cannot be loaded: {e.Message}");
            throw new FoveaException(ErrorCode.ModelUnavailable, reason, e);
        }
        catch (Exception e)
        {
            log.ModelFailed(model, $"version {version.Number} cannot be loaded", e);
            throw new FoveaException(ErrorCode.ModelUnavailable, $"Version {version.Number} cannot be loaded; the log says why.", e);
        }
    }

    private Opened Load(VersionFolder folder)
    {
        var classifier = Load(folder.Path, folder.ModelFolder, device);
        try
        {
            return new(classifier, folder.Digest(classifier.Sha256));
        }
        catch
        {
            classifier.Dispose();
            throw;
        }
    }

    private sealed record Opened(Classifier Classifier, string Digest) : IDisposable
    {
        public void Dispose() => Classifier.Dispose();
    }
}
