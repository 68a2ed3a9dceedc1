using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// A model of the repository: its versions, and which of them serves. It goes from one <see cref="Snapshot"/> to the next in one step, so
/// a request sees either one or the other. A request that holds a lease keeps its version until it is answered, whichever version serves
/// by then.
/// </summary>
/// <remarks>
/// Reading is lock-free, from any thread. Changes run one at a time, in the order of their calls. A version's files are read only when it
/// is loaded, by
/// <see cref="Change"/>, <see cref="Switch"/>, <see cref="Follow(ModelFolder, CancellationToken)"/>, or the first request that names it;
/// after that it is its bytes in memory, whatever happens to the files.
/// </remarks>
internal sealed class StoredModel : IDisposable
{
    private readonly SemaphoreSlim changing = new(1);
    private readonly Func<VersionFolder, ModelVersion> open;
    private volatile Snapshot now;

    /// <summary>A model, not loaded yet.</summary>
    /// <param name="path">The model's folder, which need not exist yet; its name is the model's.</param>
    /// <param name="folder">What the folder holds; empty if nobody has looked yet.</param>
    /// <param name="open">Makes a version of its folder, not loaded yet.</param>
    public StoredModel(string path, ModelFolder folder, Func<VersionFolder, ModelVersion> open)
    {
        (Name, Folder, this.open) = (Path.GetFileName(path), path, open);
        now = Snapshot.Of(folder.Chosen, [.. folder.Versions.Select(open)]);
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>The model's folder.</summary>
    public string Folder { get; }

    /// <summary>The versions and what serves, at this moment.</summary>
    public Snapshot Now => now;

    /// <summary>The version that serves.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.Unavailable"/>: it is loading.
    /// <see cref="ErrorCode.ModelUnavailable"/>: it could not be loaded, or was unloaded.</exception>
    public ModelVersion Serving => now is { Serving: { } version } ? version : throw CannotServe(now);

    /// <summary>Takes a lease of the version that serves.</summary>
    /// <exception cref="FoveaException">As for <see cref="Serving"/>.</exception>
    public Lease Serve()
    {
        while (true)
        {
            // A version that gives no lease was replaced after it was looked up.
            if (Serving.Served!.TryLease() is { } lease)
            {
                return lease;
            }
        }
    }

    /// <summary>Takes a lease of a version by its number, and loads it if it is not loaded.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnknownModel"/>: there is no such version.
    /// <see cref="ErrorCode.ModelUnavailable"/>: it cannot be loaded, or the model was unloaded.</exception>
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
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnknownModel"/>.</exception>
    public ModelVersion Find(string number) => now.Find(number)
        ?? throw new FoveaException(ErrorCode.UnknownModel, $"{Name} has no version {number}; expected one of {now.Numbers}.");

    /// <summary>Changes the model's folder while nobody else in this process does, and serves what it holds then.</summary>
    /// <param name="act">The change. If it throws <see cref="ErrorCode.UnknownModel"/>, since another service has deleted what it was to
    /// change, the folder is followed too; if it throws something else, what serves goes on.</param>
    /// <param name="stop">Stops waiting for the changes before.</param>
    /// <exception cref="FoveaException">What <paramref name="act"/> throws; or <see cref="ErrorCode.Unavailable"/>: the folder cannot be
    /// read.</exception>
    public Task Change(Func<Task> act, CancellationToken stop) => Exclusively(
        async () =>
        {
            try
            {
                await act();
            }
            catch (FoveaException e) when (e.Code == ErrorCode.UnknownModel)
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
    /// Loads the model as its folder is now, also if that failed before; or takes it out of memory until it is loaded again.
    /// </summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.Unavailable"/>: the folder cannot be read.</exception>
    public Task Switch(bool unload, CancellationToken stop) => Exclusively(() => Follow(Read(), unload, again: true), stop);

    /// <summary>Serves what the folder holds, if it still is as it was seen.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public Task Follow(ModelFolder seen, CancellationToken stop) =>
        Exclusively(() => ModelFolder.Read(Folder).Equals(seen) ? Follow(seen, now.IsUnloaded) : Task.CompletedTask, stop);

    /// <summary>Takes those versions out of memory that do not serve and that nobody has wanted for so long.</summary>
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

    private FoveaException CannotServe(Snapshot seen) => seen.State switch
    {
        ModelState.Loading => new(ErrorCode.Unavailable, $"The service is starting: {Name} is not loaded yet."),
        ModelState.Unpublished => new(
            ErrorCode.ModelUnavailable,
            $"{Name} has no version that is published; POST /models/{Name}/versions/{seen.Versions[^1].Number}/publish publishes one, "
                + $"and /classify/{Name}/versions/{seen.Versions[^1].Number} tries it before."),
        ModelState.Unloaded => new(ErrorCode.ModelUnavailable, $"{Name} is unloaded; POST /models/{Name}/load loads it."),
        _ => new(ErrorCode.ModelUnavailable, $"{Name} cannot serve. {seen.Reason}"),
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

    private FoveaException CannotRead(Exception cause) =>
        new(ErrorCode.Unavailable, $"The folder of {Name} cannot be read now: {cause.Message.TrimEnd('.')}.", cause);

    private async Task Follow(ModelFolder folder, bool unload, bool again = false)
    {
        var before = now;

        // A version that is still the same stays loaded. Finding out may read its files.
        var versions = await Task.Run(() => folder.Versions
            .Select(seen => before.All.FirstOrDefault(known => !(again && known.HasFailed) && known.Holds(seen)) ?? open(seen)).ToArray());
        var next = Snapshot.Of(folder.Chosen, versions);
        next = unload ? next with { State = ModelState.Unloaded } : await next.Loaded(otherwise: before.Serving);

        // A version that does not serve any more, or that the model was unloaded with, is loaded again only when a request names it.
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
