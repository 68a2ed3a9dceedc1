using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// A model of the repository: its versions, and which of them serves. Requests see one state or the next, never something between; whoever
/// holds a version keeps it, whatever serves by then.
/// </summary>
internal sealed class StoredModel : IDisposable
{
    private readonly SemaphoreSlim changing = new(1);
    private readonly Func<VersionFolder, ModelVersion> open;
    private volatile Snapshot now;

    /// <param name="path">The model's folder, which need not exist yet; it is called like the model.</param>
    /// <param name="folder">What it holds, to be loaded; empty for one that is still to be looked into.</param>
    /// <param name="open">Makes a version of its folder, not loaded yet.</param>
    public StoredModel(string path, ModelFolder folder, Func<VersionFolder, ModelVersion> open)
    {
        (Name, Folder, this.open) = (Path.GetFileName(path), path, open);
        now = Snapshot.Of(folder, open);
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>The model's folder.</summary>
    public string Folder { get; }

    /// <summary>What there is and what serves, at this moment.</summary>
    public Snapshot Now => now;

    /// <summary>The version that serves.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.Unavailable"/> while it is loading; <see cref="ErrorCode.ModelUnavailable"/> if it failed or was unloaded.</exception>
    public ModelVersion Serving => now is { Serving: { } version } ? version : throw CannotServe(now);

    /// <summary>Holds the version that serves.</summary>
    /// <exception cref="FoveaException">As for <see cref="Serving"/>.</exception>
    public Lease Serve()
    {
        while (true)
        {
            // One that cannot be held any more has been replaced since it was looked up.
            if (Serving.Served!.TryLease() is { } lease)
            {
                return lease;
            }
        }
    }

    /// <summary>Holds a version by its number; it is loaded now if it was not.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnknownModel"/>, or <see cref="ErrorCode.ModelUnavailable"/> if it cannot be loaded or the model was unloaded.</exception>
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

    /// <summary>Changes the model's folder while nobody else does, and serves what it holds then.</summary>
    /// <param name="act">The change; where it throws, what serves goes on.</param>
    /// <param name="stop">Gives up waiting for a change that is under way.</param>
    public Task Change(Func<Task> act, CancellationToken stop) => Exclusively(
        async () =>
        {
            await act();
            await Follow(ModelFolder.Read(Folder), now.IsUnloaded);
        },
        stop);

    /// <summary>Loads the model, once more where it failed; or takes it out of memory, until it is loaded again.</summary>
    public Task Switch(bool unload, CancellationToken stop) => Exclusively(() => Follow(ModelFolder.Read(Folder), unload, again: true), stop);

    /// <summary>Serves what the folder holds, if it still is as it was seen.</summary>
    public Task Follow(ModelFolder seen, CancellationToken stop) =>
        Exclusively(() => ModelFolder.Read(Folder).Equals(seen) ? Follow(seen, now.IsUnloaded) : Task.CompletedTask, stop);

    /// <summary>Takes out of memory what is loaded beside the version that serves, if nobody has wanted it for so long.</summary>
    public Task FreeIdle(TimeSpan span, CancellationToken stop) => now.Versions.Any(version => IsIdle(version, span))
        ? Exclusively(() => Become(now.WithAnew(version => IsIdle(version, span))), stop)
        : Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        Become(Snapshot.Of(ModelFolder.Empty, open));
        changing.Dispose();
    }

    private bool IsIdle(ModelVersion version, TimeSpan span) => version != now.Serving && version.IsIdle(span);

    private FoveaException CannotServe(Snapshot seen) => seen.State switch
    {
        ModelState.Loading => new(ErrorCode.Unavailable, $"The service is starting: {Name} is not loaded yet."),
        ModelState.Unpublished => new(ErrorCode.ModelUnavailable, $"{Name} has no version that is published; POST /models/{Name}/versions/{seen.Versions[^1].Number}/publish publishes one, and /classify/{Name}/versions/{seen.Versions[^1].Number} tries it before."),
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

    private async Task Follow(ModelFolder folder, bool unload, bool again = false)
    {
        var before = now;
        var next = Snapshot.Of(folder, version => before.Versions.FirstOrDefault(known => known.Folder == version && !(again && known.HasFailed)) ?? open(version));
        next = unload ? next with { State = ModelState.Unloaded } : await next.Loaded(otherwise: before.Serving);

        // What was loaded and neither serves nor was asked for by its number has no reason to stay.
        await Become(next.WithAnew(version => version != next.Serving && (unload || version == before.Serving)));
    }

    private Task Become(Snapshot next)
    {
        var before = now;
        now = next;
        foreach (var version in before.All.Except(next.All))
        {
            version.Dispose();
        }

        return Task.CompletedTask;
    }
}
