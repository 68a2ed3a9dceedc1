using System.Collections.Concurrent;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>The models under <see cref="Settings.ModelRepository"/>. Names are looked up in memory: a name in a request to classify never becomes a path.</summary>
internal sealed class ModelStore : IDisposable
{
    // An upload may be under check for an hour, and nothing is written meanwhile.
    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    private readonly string repository;
    private readonly ModelLoader loader;
    private readonly Device device;
    private readonly ILogger<ModelStore> log;
    private readonly ConcurrentDictionary<string, StoredModel> models = new();
    private readonly Dictionary<string, ModelFolder> changed = [];

    public ModelStore(Settings settings, ModelLoader loader, Device device, ILogger<ModelStore> log)
    {
        (repository, this.loader, this.device, this.log) = (settings.ModelRepository, loader, device, log);
        foreach (var name in Folders())
        {
            models[name] = Open(name, ModelFolder.Read(PathOf(name)));
        }
    }

    /// <summary>Every model, by name.</summary>
    public IReadOnlyList<StoredModel> All => [.. models.Values.Where(model => model.Now.Versions.Count > 0).OrderBy(model => model.Name, StringComparer.Ordinal)];

    /// <summary>Whether each model has been loaded, or has failed.</summary>
    public bool IsLoaded => models.Values.All(model => model.Now.Versions.Count == 0 || model.Now.State != ModelState.Loading);

    /// <summary>The model of this name.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnknownModel"/>: there is none; the message lists those that there are.</exception>
    public StoredModel Find(string name) => models.TryGetValue(name, out var model) && model.Now.Versions.Count > 0 ? model
        : throw new FoveaException(ErrorCode.UnknownModel, $"There is no model {name}; {(All is [] ? "there are none yet" : $"expected one of {string.Join(", ", All.Select(m => m.Name))}")}.");

    /// <summary>The model of this name, or the place where it would be.</summary>
    /// <param name="name">A name that a model may have.</param>
    public StoredModel At(string name) => models.GetOrAdd(name, _ => Open(name, ModelFolder.Empty));

    /// <summary>Where the folder of a model is, or would be.</summary>
    /// <param name="name">A name that a model may have.</param>
    public string PathOf(string name) => Path.Combine(repository, name);

    /// <summary>Loads the version of each model that serves. One that fails does not keep the others from serving.</summary>
    public async Task LoadAll(CancellationToken stop)
    {
        StagingFolder.DeleteAbandoned(repository, Abandoned);
        if (device.FellBack)
        {
            log.DeviceFellBack(device.Reason);
        }
        else
        {
            log.DeviceChosen(device.Provider, device.Reason);
        }

        await Parallel.ForEachAsync(All, stop, async (model, _) => await model.Change(() => Task.CompletedTask, stop));
        foreach (var model in All.Where(model => model.Now is { Wanted: null, State: ModelState.Failed }))
        {
            log.ModelFailed(model.Name, model.Now.Reason!);
        }

        if (All.Count == 0)
        {
            log.NoModels(repository);
        }

        log.Ready(All.Count(model => model.Now.State == ModelState.Ready), All.Count, repository);
    }

    /// <summary>
    /// Follows what has changed in the repository, by whatever hand, once it has stayed the same from one call to the next, so that nothing is
    /// loaded that is still being written; another choice among the same files needs no such wait. Sizes and times are compared, since notices of changes do not cross a network. To be called by one caller at a time.
    /// </summary>
    /// <param name="idle">How long a version that does not serve stays in memory unused.</param>
    /// <param name="stop">Ends it.</param>
    public async Task Poll(TimeSpan idle, CancellationToken stop)
    {
        foreach (var name in Folders().Union(models.Keys).ToArray())
        {
            var model = At(name);
            var folder = ModelFolder.Read(model.Folder);
            if (folder.Equals(model.Now.Folder))
            {
                changed.Remove(name);
                await model.FreeIdle(idle, stop);
            }
            else if (folder.Equals(changed.GetValueOrDefault(name)) || folder.Equals(model.Now.Folder with { Chosen = folder.Chosen }))
            {
                changed.Remove(name);
                await model.Follow(folder, stop);
                log.ModelFollowed(name, model.Now.Serving?.Number, model.Now.Reason);
            }
            else
            {
                changed[name] = folder;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var model in models.Values)
        {
            model.Dispose();
        }
    }

    private StoredModel Open(string name, ModelFolder folder) => new(PathOf(name), folder, version => loader.Open(name, version));

    private IEnumerable<string> Folders() => new DirectoryInfo(repository).EnumerateDirectories().Select(folder => folder.Name).Where(name => !name.StartsWith('.'));
}
