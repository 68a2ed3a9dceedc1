using Fovea.Models;

namespace Fovea.Api;

/// <summary>One version of a model. It is loaded when it is first wanted, and once, for all who want it.</summary>
/// <param name="folder">The files that it is made of.</param>
/// <param name="model">The model's name.</param>
/// <param name="time">Measures how long nobody has wanted it.</param>
/// <param name="load">Loads it from its folder as that is then.</param>
internal sealed class ModelVersion(VersionFolder folder, string model, TimeProvider time, Func<VersionFolder, LoadedVersion> load)
    : IDisposable
{
    private readonly Lock gate = new();
    private volatile VersionFolder folder = folder;
    private Task<LoadedVersion>? loading;
    private VersionSummary? summary;
    private long lastUse = time.GetTimestamp();
    private bool isRetired;

    /// <summary>The version, from 1.</summary>
    public int Number => folder.Number;

    /// <summary>The files that it is made of: those that it was loaded from, if it was loaded.</summary>
    public VersionFolder Folder => folder;

    /// <summary>What answers; null if it is not loaded, or could not be.</summary>
    public ServedModel? Served => Loaded?.Served;

    /// <summary>Whether it could not be loaded.</summary>
    public bool HasFailed => loading is { IsFaulted: true };

    private LoadedVersion? Loaded => loading is { IsCompletedSuccessfully: true } done ? done.Result : null;

    /// <summary>Its summary, of the bytes that were loaded.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.ModelUnavailable"/>: it is not loaded.</exception>
    public VersionSummary Summary
    {
        get
        {
            var loaded = Loaded ?? throw new FoveaException(ErrorCode.ModelUnavailable, $"Version {Number} of {model} is not loaded.");
            lock (gate)
            {
                return summary ??= new(model, loaded, time);
            }
        }
    }

    /// <summary>Loads it if that has not begun, and takes a lease; null if it was retired meanwhile.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.ModelUnavailable"/>: it cannot be loaded.</exception>
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

    /// <summary>The same version, not loaded yet.</summary>
    public ModelVersion Anew() => new(folder, model, time, load);

    /// <summary>Whether it is the version that a folder holds, also if its files were written anew with the same bytes.</summary>
    /// <param name="seen">The folder, as it is now.</param>
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
        catch (Exception e) when (e is FoveaException or IOException or UnauthorizedAccessException)
        {
            // Loading the folder tells what is wrong with it.
            return false;
        }
    }

    /// <summary>Whether it is loaded and nobody has wanted it for so long.</summary>
    public bool IsIdle(TimeSpan span) => Served is not null && time.GetElapsedTime(lastUse) >= span;

    /// <summary>Retires it: it is not loaded any more, and is freed as soon as the last lease is given back.</summary>
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
