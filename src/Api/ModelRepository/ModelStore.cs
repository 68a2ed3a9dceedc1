using System.Collections.Concurrent;
using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Api.Telemetry;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// The models under <see cref="Settings.ModelRepository"/>. Requests to classify look names up in memory, so their names never become
/// paths.
/// </summary>
/// <remarks>
/// A model has an entry in memory while it has versions, or while it is being changed (<see cref="Change{T}"/>). So a request for a name
/// without a folder leaves no entry. Any thread may call any member, but only one thread at a time may poll for changes.
/// </remarks>
internal sealed class ModelStore : IDisposable
{
    private readonly string repository, only;
    private readonly ModelLoader loader;
    private readonly Device device;
    private readonly ILogger<ModelStore> log;
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, StoredModel> models = [];
    private readonly Dictionary<string, int> changers = [];
    private readonly Dictionary<string, ModelFolder> changed = [];
    private volatile IReadOnlyList<string> unclear = [];

    public ModelStore(Settings settings, ModelStoreSettings storeSettings, ModelLoader loader, Device device, ILogger<ModelStore> log)
    {
        (repository, only) = (settings.ModelRepository, storeSettings.ModelName);
        (this.loader, this.device, this.log) = (loader, device, log);
        foreach (var name in Folders())
        {
            if (ModelFolder.Read(PathOf(name)) is { Versions.Count: > 0 } folder)
            {
                models[name] = Open(name, folder);
            }
        }
    }

    /// <summary>Every model, by name.</summary>
    public IReadOnlyList<StoredModel> All =>
        [.. models.Values.Where(model => model.Now.Versions.Count > 0).OrderBy(model => model.Name, StringComparer.Ordinal)];

    /// <summary>The number of names in memory: those of models, and of folders that are being changed.</summary>
    public int NamesInMemory => models.Count;

    /// <summary>The .onnx files of the repository that are not served, because they have two readings; a sentence each.</summary>
    public IReadOnlyList<string> Unclear => unclear;

    /// <summary>Whether every model has been loaded or has failed to load.</summary>
    public bool IsLoaded => All.All(model => model.Now.State != ModelState.Loading);

    /// <summary>Returns the model with this name.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownModel"/>: there is none; the message lists those that there
    /// are.</exception>
    public StoredModel Find(string name)
    {
        if (models.TryGetValue(name, out var found) && found.Now.Versions.Count > 0)
        {
            return found;
        }

        var expected = All is [] ? "there are none yet" : $"expected one of {string.Join(", ", All.Select(model => model.Name))}";
        throw new ServiceException(ServiceError.UnknownModel, $"There is no model {name}; {expected}.");
    }

    /// <summary>Returns the path of a model's folder, which may not exist.</summary>
    /// <param name="name">A name that a model may have.</param>
    public string PathOf(string name) => name == only ? repository : Path.Combine(repository, name);

    /// <summary>Changes an existing model, or a model that the change creates.</summary>
    /// <param name="name">A name that a model may have.</param>
    /// <param name="act">The change. All concurrent changes of one name receive the same object.</param>
    public async Task<T> Change<T>(string name, Func<StoredModel, Task<T>> act)
    {
        StoredModel model;
        lock (gate)
        {
            model = models.TryGetValue(name, out var known) ? known : models[name] = Open(name, ModelFolder.Empty);
            changers[name] = changers.GetValueOrDefault(name) + 1;
        }

        try
        {
            return await act(model);
        }
        finally
        {
            lock (gate)
            {
                if (--changers[name] == 0)
                {
                    changers.Remove(name);
                    if (model.Now.Versions.Count == 0)
                    {
                        models.TryRemove(name, out _);
                    }
                }
            }
        }
    }

    /// <summary>Loads the version of each model that serves. If one cannot be loaded, the others serve.</summary>
    public async Task LoadAll(CancellationToken stop)
    {
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

        LookForUnclear();
        if (All.Count == 0)
        {
            log.NoModels(repository);
        }

        log.Ready(All.Count(model => model.Now.State == ModelState.Ready), All.Count, repository);
    }

    /// <summary>
    /// Applies the changes in the repository. Changed files are loaded once they were the same in two successive calls, so that no
    /// half-written file is loaded; another choice among the same files counts at once. It compares stamps of files, since file
    /// notifications do not cross a network. One caller at a time.
    /// </summary>
    /// <param name="idle">The time after which an unused version that does not serve is freed.</param>
    /// <param name="stop">Stops it.</param>
    /// <exception cref="IOException">The repository cannot be read.</exception>
    public async Task Poll(TimeSpan idle, CancellationToken stop)
    {
        var names = Folders().Union(All.Select(model => model.Name)).ToHashSet();
        foreach (var name in names)
        {
            await Change(name, async model =>
            {
                await Poll(model, idle, stop);
                return true;
            });
        }

        LookForUnclear();
        foreach (var gone in changed.Keys.Except(names).ToArray())
        {
            changed.Remove(gone);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var model in All)
        {
            model.Dispose();
        }
    }

    private async Task Poll(StoredModel model, TimeSpan idle, CancellationToken stop)
    {
        var (folder, known) = (ModelFolder.Read(model.Folder), model.Now.Folder);
        if (folder.Equals(known))
        {
            changed.Remove(model.Name);
            await model.FreeIdle(idle, stop);
        }
        else if (folder.Equals(changed.GetValueOrDefault(model.Name)) || folder.Equals(known with { Chosen = folder.Chosen }))
        {
            changed.Remove(model.Name);
            await model.Follow(folder, stop);
            log.ModelFollowed(model.Name, model.Now.Serving?.Number, model.Now.Reason);
        }
        else
        {
            changed[model.Name] = folder;
        }
    }

    private StoredModel Open(string name, ModelFolder folder) => new(name, PathOf(name), folder, version => loader.Open(name, version));

    private void LookForUnclear()
    {
        string[] now = [.. Folders().SelectMany(name => RepositoryLayout.Of(PathOf(name)).Unclear).Order(StringComparer.Ordinal)];
        foreach (var sentence in now.Except(unclear))
        {
            log.UnclearFile(sentence);
        }

        unclear = now;
    }

    // The names that models may have in the repository: those of its folders, and those of its .onnx files.
    private IEnumerable<string> Folders() => only.Length > 0
        ? [only]
        : new DirectoryInfo(repository).EnumerateDirectories().Select(folder => folder.Name)
            .Where(name => !name.StartsWith('.')).Union(RepositoryLayout.FlatModels(repository));
}
