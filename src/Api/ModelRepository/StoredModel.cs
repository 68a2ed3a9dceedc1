using Fovea.Api.Problems;
using Fovea.Api.Serving;
using Fovea.Api.Storage;
using Fovea.Models.Errors;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// A model in the repository: its versions, and the version that serves. A change replaces one <see cref="Snapshot"/> by the next in one
/// step, so a request sees either the old state or the new one. A request holds a lease of its version, so that version stays loaded until
/// the request is answered, even if another version serves meanwhile.
/// </summary>
/// <remarks>
/// Reading is lock-free, from any thread. Changes run one at a time, in the order of their calls. A version's files are read only when the
/// version is loaded: by <see cref="Change"/>, <see cref="Switch"/>, <see cref="Follow(ModelFolder, CancellationToken)"/>, or the first
/// request that names the version. A loaded version answers from memory, even if its files change.
/// </remarks>
internal sealed class StoredModel : IDisposable
{
    private readonly SemaphoreSlim changing = new(1);
    private readonly Func<VersionFolder, ModelVersion> open;
    private volatile Snapshot now;

    /// <summary>Makes a model that is not loaded yet.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="path">The path of the model's folder, which need not exist yet.</param>
    /// <param name="folder">The contents of the folder; empty if the folder has not been read yet.</param>
    /// <param name="open">Returns a version, not loaded yet, for the files of a version.</param>
    public StoredModel(string name, string path, ModelFolder folder, Func<VersionFolder, ModelVersion> open)
    {
        (Name, Folder, this.open) = (name, path, open);
        now = Snapshot.Of(folder.Chosen, [.. folder.Versions.Select(open)]);
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>The model's folder.</summary>
    public string Folder { get; }

    /// <summary>The versions and the version that serves, at this moment.</summary>
    public Snapshot Now => now;

    /// <summary>The version that serves.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Unavailable"/>: the model is loading.
    /// <see cref="ServiceError.ModelUnavailable"/>: the model could not be loaded, was unloaded, or has no published version.</exception>
    public ModelVersion Serving => now is { Serving: { } version } ? version : throw CannotServe(now);

    /// <summary>Takes a lease of the version that serves.</summary>
    /// <exception cref="RefusalException">As for <see cref="Serving"/>.</exception>
    public Lease Serve()
    {
        while (true)
        {
            // A version that gives no lease was replaced after the lookup, so the version that serves now is tried.
            if (Serving.Served!.TryLease() is { } lease)
            {
                return lease;
            }
        }
    }

    /// <summary>Takes a lease of the version with this number, and loads the version first if it is not loaded.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownModel"/>: the version does not exist.
    /// <see cref="ServiceError.ModelUnavailable"/>: the version cannot be loaded, or the model was unloaded.</exception>
    public async Task<Lease> Serve(string number)
    {
        while (true)
        {
            var seen = now;
            var version = Find(number);
            if (seen.State == ModelState.Unloaded)
            {
                throw CannotServe(seen);
            }

            if (await version.Lease() is { } lease)
            {
                return lease;
            }
        }
    }

    /// <summary>Returns the version with this number.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownModel"/>: the version does not exist.</exception>
    public ModelVersion Find(string number) => now.Find(number)
        ?? throw new ServiceException(ServiceError.UnknownModel, $"{Name} has no version {number}; expected one of {now.Numbers}.");

    /// <summary>
    /// Runs an action that changes the model's folder, and then serves the version that the folder chooses. Only one thread of this process
    /// at a time changes the folder.
    /// </summary>
    /// <param name="act">
    /// The action. If it throws <see cref="ServiceError.UnknownModel"/>, another service has deleted the version, and the model still
    /// serves the version that the folder now chooses. If it throws another exception, the model keeps serving its present version.
    /// </param>
    /// <param name="stop">Cancels the wait for earlier changes. A change that has begun is not cancelled.</param>
    /// <exception cref="ServiceException">
    /// The exception of <paramref name="act"/>; or <see cref="ServiceError.Unavailable"/>: the folder cannot be read.
    /// </exception>
    public Task Change(Func<Task> act, CancellationToken stop) => Exclusively(
        async () =>
        {
            try
            {
                await act();
            }
            catch (ServiceException e) when (e.Error == ServiceError.UnknownModel)
            {
                await Follow(Read(), now.IsUnloaded);
                throw;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw CannotRead(e);
            }

            await Follow(Read(), now.IsUnloaded);
        },
        stop);

    /// <summary>
    /// Loads the model from the current contents of its folder, even if loading the same contents failed before; or unloads the model.
    /// </summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Unavailable"/>: the folder cannot be read.</exception>
    public Task Switch(bool unload, CancellationToken stop) => Exclusively(() => Follow(Read(), unload, again: true), stop);

    /// <summary>
    /// Serves the version that the model's folder chooses. Does nothing if the folder no longer has the contents <paramref name="seen"/>.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public Task Follow(ModelFolder seen, CancellationToken stop) =>
        Exclusively(() => ModelFolder.Read(Folder).Equals(seen) ? Follow(seen, now.IsUnloaded) : Task.CompletedTask, stop);

    /// <summary>Frees the loaded versions that do not serve and that no request has used for this time.</summary>
    public Task FreeIdle(TimeSpan span, CancellationToken stop) => now.Versions.Any(version => IsIdle(version, span))
        ? Exclusively(
            () =>
            {
                Become(now.WithAnew(version => IsIdle(version, span)));
                return Task.CompletedTask;
            },
            stop)
        : Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        Become(Snapshot.Of(null, []));
        changing.Dispose();
    }

    private bool IsIdle(ModelVersion version, TimeSpan span) => version != now.Serving && version.IsIdle(span);

    private ServiceException CannotServe(Snapshot seen) => seen.State switch
    {
        ModelState.Loading => new(ServiceError.Unavailable, $"The service is starting: {Name} is not loaded yet."),
        ModelState.Unpublished => new(
            ServiceError.ModelUnavailable,
            $"{Name} has no published version. POST /classify/{Name}/versions/{seen.Versions[^1].Number} tries version "
                + $"{seen.Versions[^1].Number}, and POST /models/{Name}/versions/{seen.Versions[^1].Number}/publish publishes it."),
        ModelState.Unloaded => new(ServiceError.ModelUnavailable, $"{Name} is unloaded; POST /models/{Name}/load loads it."),
        _ => new(ServiceError.ModelUnavailable, $"{Name} cannot serve. {seen.Reason}"),
    };

    private async Task Exclusively(Func<Task> act, CancellationToken stop)
    {
        await changing.WaitAsync(stop);
        try
        {
            await act();
        }
        finally
        {
            changing.Release();
        }
    }

    private ModelFolder Read()
    {
        try
        {
            return ModelFolder.Read(Folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotRead(e);
        }
    }

    private ServiceException CannotRead(Exception cause) => SharedDisk.IsMissing(Folder)
        ? SharedDisk.Unreachable("The model repository", cause)
        : new(ServiceError.Unavailable, $"The folder of {Name} cannot be read now: {cause.Message.TrimEnd('.')}.", cause);

    private async Task Follow(ModelFolder folder, bool unload, bool again = false)
    {
        var before = now;

        // Versions whose files are unchanged stay loaded. The comparison may read the files, so it runs on another thread.
        var versions = await Task.Run(() => folder.Versions
            .Select(seen => before.All.FirstOrDefault(known => !(again && known.HasFailed) && known.Holds(seen)) ?? open(seen)).ToArray());
        var next = Snapshot.Of(folder.Chosen, versions);
        next = unload ? next with { State = ModelState.Unloaded } : await next.Loaded(otherwise: before.Serving);

        // Frees the version that served before, or all versions of an unloaded model. They are loaded again only when a request names them.
        Become(next.WithAnew(version => version != next.Serving && (unload || version == before.Serving)));
    }

    private void Become(Snapshot next)
    {
        var before = now;
        now = next;
        foreach (var version in before.All.Except(next.All))
        {
            version.Dispose();
        }
    }
}
