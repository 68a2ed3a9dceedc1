using System.Collections.Frozen;
using System.Globalization;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// The models under <see cref="Settings.ModelRepository"/>, as they were at the start. Names are looked up in memory: a name in a request
/// never becomes a path. Loaded models stay until the process ends, which frees them more safely than disposing of one that may still run.
/// </summary>
internal sealed class ModelStore
{
    private readonly string repository;
    private readonly ServingEngine engine;
    private readonly Metrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger<ModelStore> log;
    private readonly FrozenDictionary<string, StoredModel> models;

    public ModelStore(Settings settings, ServingEngine engine, Metrics metrics, TimeProvider time, ILogger<ModelStore> log)
    {
        (repository, this.engine, this.metrics, this.time, this.log) = (settings.ModelRepository, engine, metrics, time, log);
        models = new DirectoryInfo(repository).EnumerateDirectories().Where(folder => !folder.Name.StartsWith('.')).Select(Read).OfType<StoredModel>()
            .ToFrozenDictionary(model => model.Name);
        All = [.. models.Values.OrderBy(model => model.Name, StringComparer.Ordinal)];
    }

    /// <summary>Every model, by name.</summary>
    public IReadOnlyList<StoredModel> All { get; }

    /// <summary>Whether each model has been loaded, or has failed.</summary>
    public bool IsLoaded => All.All(model => model.State != ModelState.Loading);

    /// <summary>The model of this name.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnknownModel"/>: there is none; the message lists those that there are.</exception>
    public StoredModel Find(string name) => models.GetValueOrDefault(name)
        ?? throw new FoveaException(ErrorCode.UnknownModel, $"There is no model {name}; {(All.Count == 0 ? "there are none yet" : $"expected one of {string.Join(", ", All.Select(m => m.Name))}")}.");

    /// <summary>Loads the version of each model that serves. One that fails does not keep the others from serving.</summary>
    public async Task LoadAll(CancellationToken stop)
    {
        await Parallel.ForEachAsync(All.Select(model => model.Default).OfType<ModelVersion>(), stop, async (version, _) =>
            await ((Task)version.Load()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing));
        foreach (var model in All.Where(model => model.Default is null))
        {
            log.ModelFailed(model.Name, model.Reason!);
        }

        if (All.Count == 0)
        {
            log.NoModels(repository);
        }

        log.Ready(All.Count(model => model.State == ModelState.Ready), All.Count, repository);
    }

    private StoredModel? Read(DirectoryInfo folder)
    {
        ModelVersion[] versions =
        [
            .. from sub in folder.EnumerateDirectories()
               where int.TryParse(sub.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n > 0 && !sub.Name.StartsWith('0')
               select new ModelVersion(folder.Name, int.Parse(sub.Name, CultureInfo.InvariantCulture), sub.FullName, Load) into version
               where File.Exists(version.File)
               select version,
        ];
        var choice = Path.Combine(folder.FullName, "default");
        return versions.Length == 0 ? null : new StoredModel(folder.Name, versions, File.Exists(choice) ? File.ReadAllText(choice).Trim() : null);
    }

    private ServedModel Load(ModelVersion version)
    {
        long start = time.GetTimestamp();
        try
        {
            var classifier = Classifier.Load(
                version.File,
                overrides: ModelJson.Read(Path.Combine(version.Folder, "model.json")),
                fallback: ModelJson.Read(Path.Combine(Path.GetDirectoryName(version.Folder)!, "model.json")));
            metrics.Loaded(version.Model, succeeded: true, time.GetElapsedTime(start));
            log.ModelLoaded(version.Model, version.Number, time.GetElapsedTime(start).TotalMilliseconds);
            return engine.Serve(version.Model, version.Number, classifier);
        }
        catch (FoveaException e)
        {
            metrics.Loaded(version.Model, succeeded: false, time.GetElapsedTime(start));
            log.ModelFailed(version.Model, e.Message);
            throw new FoveaException(ErrorCode.ModelUnavailable, Relative($"Version {version.Number} cannot be loaded: {e.Message}"), e);
        }
        catch (Exception e)
        {
            log.ModelFailed(version.Model, $"version {version.Number} cannot be loaded", e);
            throw new FoveaException(ErrorCode.ModelUnavailable, $"Version {version.Number} cannot be loaded; the log says why.", e);
        }
    }

    // Callers need not know where on the machine the files are.
    private string Relative(string message) => message.Replace(repository + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
}
