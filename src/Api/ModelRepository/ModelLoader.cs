using Fovea.Api.Problems;
using Fovea.Api.Storage;
using Fovea.Api.Telemetry;
using Fovea.Api.Tuning;
using Fovea.Models.Adoption;
using Fovea.Models.Errors;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Api.ModelRepository;

/// <summary>Loads a version of a model from its files.</summary>
internal sealed class ModelLoader(
    PrivatePaths paths, ServingEngine engine, Device device, AdoptionCache cache, Metrics metrics, TimeProvider time,
    ILogger<ModelLoader> log)
{
    /// <summary>Returns a version that is not loaded yet. Its first use loads it.</summary>
    public ModelVersion Open(string model, VersionFolder version) => new(version, model, time, folder => Load(model, folder));

    /// <summary>Loads a version from its .onnx file and the files beside it. None of these files may change meanwhile.</summary>
    /// <param name="file">The path of the network's .onnx file.</param>
    /// <param name="json">The path of the version's model.json, which need not exist.</param>
    /// <param name="model">The path of the model's folder.</param>
    /// <param name="device">The device that runs the network.</param>
    /// <param name="cache">
    /// Keeps the adopted forms of files that other software made. Null: each load adopts such a file again.
    /// </param>
    /// <exception cref="RefusalException">The version cannot be used; the message gives the reason.</exception>
    public static Classifier Load(string file, string json, string model, Device device, AdoptionCache? cache = null) => Classifier.Load(
        file, ModelJson.Read(json), ModelJson.Read(Path.Combine(model, VersionFolder.JsonFile)), device, cache);

    /// <summary>Replaces an uploaded file that other software made by its adopted form, and keeps the original beside it.</summary>
    /// <param name="file">The path of the network's .onnx file.</param>
    /// <param name="json">The path of the version's model.json, which need not exist.</param>
    /// <param name="model">The path of the model's folder.</param>
    /// <returns>True if the file can be served; false if it is a base for fine-tuning, which stays unchanged.</returns>
    /// <exception cref="RefusalException">The file is not an image classifier, or model.json has to supply something that the file lacks.
    /// </exception>
    public static bool AdoptUpload(string file, string json, string model) => ModelAdoption.AdoptUpload(
        file, ModelJson.Read(json), ModelJson.Read(Path.Combine(model, VersionFolder.JsonFile)));

    /// <summary>
    /// Reads the metadata from a version's files without loading the network. The files may have changed since the version was loaded.
    /// </summary>
    /// <param name="version">The version's files.</param>
    /// <exception cref="RefusalException">A file cannot be read, or the files are being written.</exception>
    public static ModelMetadata Describe(VersionFolder version) => version.ReadUnchanged(
        now => ModelAdoption.MetadataOf(now.File, ModelJson.Read(now.Json), ModelJson.Read(now.ModelJson)), TimeProvider.System).Result;

    /// <summary>Writes a version as one .onnx file that needs no files beside it.</summary>
    /// <param name="version">The version's files.</param>
    /// <param name="copy">The path of the file to write.</param>
    /// <param name="time">The clock that gives the age of the files.</param>
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
            if (classifier.RewriteFailure is { } failure)
            {
                log.NotRewritten(model, version.Number, failure);
            }

            return new(engine.Serve(model, version.Number, classifier), folder, digest);
        }
        catch (Exception e) when (SharedDisk.IsMissing(version.ModelFolder))
        {
            throw SharedDisk.Unreachable("The model repository", e);
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
                ServiceError.ModelUnavailable, $"Version {version.Number} cannot be loaded; the service's log has the reason.", e);
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
