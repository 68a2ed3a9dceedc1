using Fovea.Api.Problems;
using Fovea.Api.Serving;
using Fovea.Models.Errors;

namespace Fovea.Api.ModelRepository;

/// <summary>One version of a model. The first request for it loads it, and concurrent requests share that load.</summary>
/// <param name="folder">The files of the version.</param>
/// <param name="model">The model's name.</param>
/// <param name="time">The clock that measures how long the version has been unused.</param>
/// <param name="load">Loads the version from the current contents of its folder.</param>
internal sealed class ModelVersion(VersionFolder folder, string model, TimeProvider time, Func<VersionFolder, LoadedVersion> load)
    : IDisposable
{
    private readonly Lock gate = new();
    private volatile VersionFolder folder = folder;
    private Task<LoadedVersion>? loading;
    private VersionSummary? summary;
    private long lastUse = time.GetTimestamp();
    private bool isRetired;

    /// <summary>The number of the version, from 1.</summary>
    public int Number => folder.Number;

    /// <summary>The files of the version. For a loaded version, these are the files that it was loaded from.</summary>
    public VersionFolder Folder => folder;

    /// <summary>The model that answers; null if the version is not loaded or could not be loaded.</summary>
    public ServedModel? Served => Loaded?.Served;

    /// <summary>Whether the version could not be loaded.</summary>
    public bool HasFailed => loading is { IsFaulted: true };

    /// <summary>Whether the version could not be loaded because the disk of the repository was gone. A later load may succeed.</summary>
    public bool WasUnreachable => loading?.Exception?.InnerException is ServiceException { Error: ServiceError.Unavailable };

    private LoadedVersion? Loaded => loading is { IsCompletedSuccessfully: true } done ? done.Result : null;

    /// <summary>The summary of the loaded file.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.ModelUnavailable"/>: the version is not loaded.</exception>
    public VersionSummary Summary
    {
        get
        {
            var loaded = Loaded ?? throw new ServiceException(ServiceError.ModelUnavailable, $"Version {Number} of {model} is not loaded.");
            lock (gate)
            {
                return summary ??= new(model, loaded, time);
            }
        }
    }

    /// <summary>
    /// Takes a lease of the version, and loads the version first if it is not loaded. Returns null if <see cref="Dispose"/> was called
    /// meanwhile.
    /// </summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.ModelUnavailable"/>: the version cannot be loaded.</exception>
    public async Task<Lease?> Lease()
    {
        lastUse = time.GetTimestamp();
        if (Begun() is not { } begun)
        {
            return null;
        }

        var loaded = await begun;
        return loaded.Served.TryLease();
    }

    /// <summary>Returns a new object for the same version that is not loaded yet.</summary>
    public ModelVersion Anew() => new(folder, model, time, load);

    /// <summary>
    /// Whether the files on the disk are still those of this version. Files that were rewritten with the same bytes are the same version.
    /// </summary>
    /// <param name="seen">The files on the disk now.</param>
    public bool Holds(VersionFolder seen)
    {
        if (folder == seen)
        {
            return true;
        }

        if (folder.Number != seen.Number || Loaded is not { } loaded)
        {
            return false;
        }

        try
        {
            var (digest, read) = seen.ReadUnchanged(now => now.Digest(), time);
            if (digest != loaded.Digest || read != seen)
            {
                return false;
            }

            folder = seen;
            return true;
        }
        catch (Exception e) when (e is RefusalException or IOException or UnauthorizedAccessException)
        {
            // A file cannot be read. The version is loaded again, and that load reports the error.
            return false;
        }
    }

    /// <summary>Whether the version is loaded and no request has used it for this time.</summary>
    public bool IsIdle(TimeSpan span) => Served is not null && time.GetElapsedTime(lastUse) >= span;

    /// <summary>Retires the version: it is never loaded again, and its memory is freed when its last lease ends.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isRetired = true;
        }

        loading?.ContinueWith(
            done => done.Result.Served.Dispose(),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion,
            TaskScheduler.Default);
    }

    private Task<LoadedVersion>? Begun()
    {
        lock (gate)
        {
            loading = WasUnreachable && !isRetired ? null : loading;
            return isRetired ? loading : loading ??= Task.Run(Load);
        }
    }

    private LoadedVersion Load()
    {
        var loaded = load(folder);
        folder = loaded.Folder;
        return loaded;
    }
}
