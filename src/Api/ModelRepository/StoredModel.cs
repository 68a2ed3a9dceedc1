using Fovea.Api.Problems;
using Fovea.Api.Serving;
using Fovea.Models.Errors;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// A model of the repository: its versions, and which of them serves. It goes from one <see cref="Snapshot"/> to the next in one step, so
/// a request sees either one or the other. A request that holds a lease keeps its version until it is answered, whichever version serves
/// by then.
/// </summary>
/// <remarks>
/// Reading is lock-free, from any thread. Changes run one at a time, in the order of their calls. A version's files are read only when it
/// is loaded, by <see cref="Change"/>, <see cref="Switch"/>, <see cref="Follow(ModelFolder, CancellationToken)"/>, or the first request
/// that names it. After that the version answers from memory, even if the files change.
/// </remarks>
internal sealed class StoredModel : IDisposable
{
    private readonly SemaphoreSlim changing = new(1);
    private readonly Func<VersionFolder, ModelVersion> open;
    private volatile Snapshot now;

    /// <summary>A model, not loaded yet.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="path">The model's folder, which need not exist yet.</param>
    /// <param name="folder">The contents of the folder; empty if it has not been read yet.</param>
    /// <param name="open">Makes a version that is not loaded yet from its folder.</param>
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
    /// <exception cref="ServiceException"><see cref="ServiceError.Unavailable"/>: it is loading.
    /// <see cref="ServiceError.ModelUnavailable"/>: it could not be loaded, or was unloaded.</exception>
    public ModelVersion Serving => now is { Serving: { } version } ? version : throw CannotServe(now);

    /// <summary>Takes a lease of the version that serves.</summary>
    /// <exception cref="RefusalException">As for <see cref="Serving"/>.</exception>
    public Lease Serve()
    {
        while (true)
        {
            // A version without a lease has been replaced since it was looked up, so the next one is tried.
            if (Serving.Served!.TryLease() is { } lease)
            {
                return lease;
            }
        }
    }

    /// <summary>Takes a lease of a version by its number, and loads it if it is not loaded.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownModel"/>: there is no such version.
    /// <see cref="ServiceError.ModelUnavailable"/>: it cannot be loaded, or the model was unloaded.</exception>
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

    /// <summary>A version by its number.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownModel"/>.</exception>
    public ModelVersion Find(string number) => now.Find(number)
        ?? throw new ServiceException(ServiceError.UnknownModel, $"{Name} has no version {number}; expected one of {now.Numbers}.");

    /// <summary>
    /// Changes the model's folder while no other thread of this process does, and then serves the version that the folder chooses.
    /// </summary>
    /// <param name="act">
    /// The change. If it throws <see cref="ServiceError.UnknownModel"/>, because another service has deleted the version, the model still
    /// follows its folder. If it throws another exception, the version that serves stays.
    /// </param>
    /// <param name="stop">Stops waiting for earlier changes.</param>
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
    /// Loads the model from the current contents of its folder, even if that has failed before; or unloads it.
    /// </summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Unavailable"/>: the folder cannot be read.</exception>
    public Task Switch(bool unload, CancellationToken stop) => Exclusively(() => Follow(Read(), unload, again: true), stop);

    /// <summary>Serves the version that the folder chooses, if the folder still has the contents that were seen.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public Task Follow(ModelFolder seen, CancellationToken stop) =>
        Exclusively(() => ModelFolder.Read(Folder).Equals(seen) ? Follow(seen, now.IsUnloaded) : Task.CompletedTask, stop);

    /// <summary>Frees versions that do not serve and have not been used for this time.</summary>
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
            $"{Name} has no version that is published; POST /models/{Name}/versions/{seen.Versions[^1].Number}/publish publishes one, "
                + $"and /classify/{Name}/versions/{seen.Versions[^1].Number} tries it before."),
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

    private ServiceException CannotRead(Exception cause) =>
        new(ServiceError.Unavailable, $"The folder of {Name} cannot be read now: {cause.Message.TrimEnd('.')}.", cause);

    private async Task Follow(ModelFolder folder, bool unload, bool again = false)
    {
        var before = now;

        // Unchanged versions stay loaded. The comparison may read their files.
        var versions = await Task.Run(() => folder.Versions
            .Select(seen => before.All.FirstOrDefault(known => !(again && known.HasFailed) && known.Holds(seen)) ?? open(seen)).ToArray());
        var next = Snapshot.Of(folder.Chosen, versions);
        next = unload ? next with { State = ModelState.Unloaded } : await next.Loaded(otherwise: before.Serving);

        // A version that no longer serves, or was unloaded with the model, is loaded again only when a request names it.
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
