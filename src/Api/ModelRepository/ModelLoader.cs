using Fovea.Api.Problems;
using Fovea.Api.Telemetry;
using Fovea.Api.Tuning;
using Fovea.Models.Adoption;
using Fovea.Models.Errors;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Api.ModelRepository;

/// <summary>Loads versions of models from their files.</summary>
internal sealed class ModelLoader(
    PrivatePaths paths, ServingEngine engine, Device device, AdoptionCache cache, Metrics metrics, TimeProvider time,
    ILogger<ModelLoader> log)
{
    /// <summary>Makes a version that is not loaded yet.</summary>
    public ModelVersion Open(string model, VersionFolder version) => new(version, model, time, folder => Load(model, folder));

    /// <summary>Loads a version from its file and from the files beside it. None of them may change meanwhile.</summary>
    /// <param name="file">The network's file.</param>
    /// <param name="json">The path of the version's model.json, which need not exist.</param>
    /// <param name="model">The model's folder.</param>
    /// <param name="device">The device that it is to run on.</param>
    /// <param name="cache">Keeps the adopted forms of files from elsewhere; null for none.</param>
    /// <exception cref="RefusalException">The version cannot be used; the message gives the reason.</exception>
    public static Classifier Load(string file, string json, string model, Device device, AdoptionCache? cache = null) => Classifier.Load(
        file, ModelJson.Read(json), ModelJson.Read(Path.Combine(model, VersionFolder.JsonFile)), device, cache);

    /// <summary>Replaces an uploaded file from elsewhere by its adopted form, and keeps the original beside it.</summary>
    /// <param name="file">The network's file.</param>
    /// <param name="json">The path of the version's model.json, which need not exist.</param>
    /// <param name="model">The model's folder.</param>
    /// <returns>Whether the file can be served; otherwise it is a base for fine-tuning, and stays as it is.</returns>
    /// <exception cref="RefusalException">The file is no image classifier, or needs something.</exception>
    public static bool AdoptUpload(string file, string json, string model) => ModelAdoption.AdoptUpload(
        file, ModelJson.Read(json), ModelJson.Read(Path.Combine(model, VersionFolder.JsonFile)));

    /// <summary>
    /// Reads the metadata from a version's files without loading it. The files may have changed since the version was loaded.
    /// </summary>
    /// <param name="version">The version's files.</param>
    /// <exception cref="RefusalException">A file cannot be read, or the files are being written.</exception>
    public static ModelMetadata Describe(VersionFolder version) => version.ReadUnchanged(
        now => ModelAdoption.MetadataOf(now.File, ModelJson.Read(now.Json), ModelJson.Read(now.ModelJson)), TimeProvider.System).Result;

    /// <summary>Writes a version as one file, which is used in the same way without the files beside the original.</summary>
    /// <param name="version">The version's files.</param>
    /// <param name="copy">The file to write.</param>
    /// <param name="time">The clock that files are dated by.</param>
    /// <returns>The metadata in the copy.</returns>
    /// <exception cref="FoveaException">A file cannot be read, or the files are being written, or the copy cannot be written.</exception>
    public static ModelMetadata CopyAlone(VersionFolder version, string copy, TimeProvider time) => version.ReadUnchanged(
        now => ModelAdoption.CopyAlone(now.File, copy, ModelJson.Read(now.Json), ModelJson.Read(now.ModelJson)), time).Result;

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
        catch (RefusalException e)
        {
            metrics.Loaded(model, succeeded: false, time.GetElapsedTime(start));
            if (version.Exists)
            {
                log.ModelFailed(model, e.Message);
            }
            else
            {
                log.VersionDeletedMeanwhile(model, version.Number);
            }

            var reason = paths.RemoveFrom($"Version {version.Number} cannot be loaded: {e.Message}");
            throw new ServiceException(ServiceError.ModelUnavailable, reason, e);
        }
        catch (Exception e)
        {
            log.ModelFailed(model, $"version {version.Number} cannot be loaded", e);
            throw new ServiceException(
                ServiceError.ModelUnavailable, $"Version {version.Number} cannot be loaded; the log has the reason.", e);
        }
    }

    private Opened Load(VersionFolder folder)
    {
        var classifier = Load(folder.File, folder.Json, folder.ModelFolder, device, cache);
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
