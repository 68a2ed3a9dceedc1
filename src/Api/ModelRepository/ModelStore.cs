using System.Collections.Concurrent;
using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Api.Telemetry;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// The models in the folder <see cref="Settings.ModelRepository"/>. A request to classify looks its model's name up in memory, so a name
/// from a request never becomes a path.
/// </summary>
/// <remarks>
/// A model has an entry in memory while it has versions, or while <see cref="Change{T}"/> changes it. So a request for a name without a
/// folder leaves no entry. Any thread may call any member, but only one thread at a time may call <see cref="Poll(TimeSpan,
/// CancellationToken)"/>.
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

    /// <summary>Every model that has a version, sorted by name.</summary>
    public IReadOnlyList<StoredModel> All =>
        [.. models.Values.Where(model => model.Now.Versions.Count > 0).OrderBy(model => model.Name, StringComparer.Ordinal)];

    /// <summary>The number of entries in memory: one for each model, and one for each name that is being changed.</summary>
    public int NamesInMemory => models.Count;

    /// <summary>
    /// One sentence for each .onnx file of the repository that is not served because several files could be the same version.
    /// </summary>
    public IReadOnlyList<string> Unclear => unclear;

    /// <summary>Whether every model has been loaded or has failed to load.</summary>
    public bool IsLoaded => All.All(model => model.Now.State != ModelState.Loading);

    /// <summary>Returns the model with this name.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownModel"/>: no model has this name; the message lists the models.
    /// </exception>
    public StoredModel Find(string name)
    {
        if (models.TryGetValue(name, out var found) && found.Now.Versions.Count > 0)
        {
            return found;
        }

        var expected = All is [] ? "the repository is empty" : $"expected one of {string.Join(", ", All.Select(model => model.Name))}";
        throw new ServiceException(ServiceError.UnknownModel, $"There is no model {name}; {expected}.");
    }

    /// <summary>Returns the path of a model's folder, which may not exist.</summary>
    /// <param name="name">A name that <see cref="ModelNames.CheckModel"/> allows.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.Conflict"/>: the repository is the folder of another model.</exception>
    public string PathOf(string name) => only.Length == 0 ? Path.Combine(repository, name)
        : name == only ? repository
        : throw new ServiceException(
            ServiceError.Conflict,
            $"The model repository is the folder of the model {only} (Fovea:ModelName), so there can be no model {name}; expected {only}.");

    /// <summary>Runs an action that changes a model or creates it.</summary>
    /// <param name="name">A name that <see cref="ModelNames.CheckModel"/> allows.</param>
    /// <param name="act">The action. Concurrent actions on the same name receive the same <see cref="StoredModel"/>.</param>
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

    /// <summary>Loads the version of each model that should serve. A model that cannot be loaded does not stop the others.</summary>
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
    /// Applies the changes that other programs made in the repository. A changed file is loaded once two successive calls have seen it
    /// unchanged, so that no half-written file is loaded. A change of the file named default alone takes effect at once. The method
    /// compares file stamps, because file notifications do not cross a network. Only one thread at a time may call it.
    /// </summary>
    /// <param name="idle">A version that does not serve is freed when no request has used it for this time.</param>
    /// <param name="stop">Cancels the call.</param>
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
            await (model.Now.Wanted is { WasUnreachable: true } ? model.Switch(unload: false, stop) : model.FreeIdle(idle, stop));
        }
        else if (folder.Equals(changed.GetValueOrDefault(model.Name)) || folder.Equals(known with { Chosen = folder.Chosen }))
        {
            changed.Remove(model.Name);
            await model.Follow(folder, stop);
            log.ModelFollowed(model.Name, model.Now.Outcome);
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

    // The names that may be models: the name of the only model, if the settings give one; otherwise the names of the repository's folders
    // and .onnx files.
    private IEnumerable<string> Folders() => only.Length > 0
        ? [only]
        : new DirectoryInfo(repository).EnumerateDirectories().Select(folder => folder.Name)
            .Where(name => !name.StartsWith('.')).Union(RepositoryLayout.FlatModels(repository));
}
