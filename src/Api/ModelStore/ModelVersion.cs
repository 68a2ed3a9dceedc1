using Fovea.Models;

namespace Fovea.Api;

/// <summary>One version of a model: files that are loaded when they are first wanted, once, however many want them.</summary>
internal sealed class ModelVersion(VersionFolder folder, string model, TimeProvider time, Func<VersionFolder, ServedModel> load) : IDisposable
{
    private readonly Lock gate = new();
    private Task<ServedModel>? loading;
    private long lastUse = time.GetTimestamp();
    private bool isRetired;

    /// <summary>The version, from 1.</summary>
    public int Number => folder.Number;

    /// <summary>The files that it is made of.</summary>
    public VersionFolder Folder => folder;

    /// <summary>What it consists of.</summary>
    public VersionSummary Summary { get; } = new(model, Path.Combine(folder.Path, VersionFolder.ModelFile));

    /// <summary>What was loaded; null where it is not, or could not be.</summary>
    public ServedModel? Served => loading is { IsCompletedSuccessfully: true } done ? done.Result : null;

    /// <summary>Whether it could not be loaded.</summary>
    public bool HasFailed => loading is { IsFaulted: true };

    /// <summary>Loads it where that has not begun, and holds it; null where this is no longer the version of this number.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.ModelUnavailable"/>: it cannot be loaded.</exception>
    public async Task<Lease?> Lease()
    {
        lastUse = time.GetTimestamp();
        return Begun() is { } begun ? (await begun).TryLease() : null;
    }

    /// <summary>The same version as if it had never been loaded.</summary>
    public ModelVersion Anew() => new(folder, model, time, load);

    /// <summary>Whether it is loaded, and nobody has wanted it for so long.</summary>
    public bool IsIdle(TimeSpan span) => Served is not null && time.GetElapsedTime(lastUse) >= span;

    /// <summary>Lets it go: it is freed as soon as nobody holds it, and is not loaded again.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isRetired = true;
        }

        loading?.ContinueWith(done => done.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
    }

    private Task<ServedModel>? Begun()
    {
        lock (gate)
        {
            return isRetired ? loading : loading ??= Task.Run(() => load(folder));
        }
    }
}
