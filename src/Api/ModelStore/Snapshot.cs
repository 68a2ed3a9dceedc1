using System.Globalization;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>A model at one moment.</summary>
/// <param name="Folder">The files that this follows.</param>
/// <param name="Versions">The versions that there are, the lowest first; none: there is no such model (any more).</param>
/// <param name="Wanted">The version that should serve; null where the file named default holds none that exists.</param>
/// <param name="Serving">The version that serves, loaded; another than the wanted one where that failed.</param>
/// <param name="State">Whether the model can answer.</param>
/// <param name="Reason">Why the wanted version does not serve, else null.</param>
internal sealed record Snapshot(ModelFolder Folder, IReadOnlyList<ModelVersion> Versions, ModelVersion? Wanted, ModelVersion? Serving, ModelState State, string? Reason)
{
    /// <summary>Whether it was taken out of memory.</summary>
    public bool IsUnloaded => State == ModelState.Unloaded && Versions.Count > 0;

    /// <summary>The versions' numbers, for a message.</summary>
    public string Numbers => string.Join(", ", Versions.Select(version => version.Number));

    /// <summary>Every version that may be loaded; the one that serves may be none of the folder's any more.</summary>
    public IEnumerable<ModelVersion> All => Serving is null ? Versions : Versions.Append(Serving);

    /// <summary>The model that a folder holds, not loaded yet.</summary>
    public static Snapshot Of(ModelFolder folder, Func<VersionFolder, ModelVersion> open)
    {
        ModelVersion[] versions = [.. folder.Versions.Select(open)];
        var wanted = folder.Chosen is null ? versions.LastOrDefault() : Find(versions, folder.Chosen);
        return new(folder, versions, wanted, null, ModelState.Loading, null);
    }

    /// <summary>A version by its number; null where there is none.</summary>
    public ModelVersion? Find(string number) => Find(Versions, number);

    /// <summary>The same once the wanted version is loaded; if that fails the other one goes on serving.</summary>
    public async Task<Snapshot> Loaded(ModelVersion? otherwise)
    {
        if (Versions.Count == 0)
        {
            return this;
        }

        if (Folder.Chosen == ModelFolder.None)
        {
            return this with { State = ModelState.Unpublished, Reason = "None of its versions was published yet." };
        }

        try
        {
            var version = Wanted ?? throw new FoveaException(ErrorCode.ModelUnavailable, $"Its file named {ModelFolder.Default} holds {Folder.Chosen}; expected one of the versions {Numbers}.");
            using var lease = await version.Lease();
            return this with { Serving = version, State = ModelState.Ready };
        }
        catch (FoveaException e)
        {
            return this with
            {
                Serving = otherwise,
                State = otherwise is null ? ModelState.Failed : ModelState.Ready,
                Reason = otherwise is null ? e.Message : $"{e.Message} Version {otherwise.Number} goes on serving.",
            };
        }
    }

    /// <summary>The same with some versions as if they had never been loaded.</summary>
    public Snapshot WithAnew(Predicate<ModelVersion> which) => this with { Versions = [.. Versions.Select(version => which(version) ? version.Anew() : version)] };

    private static ModelVersion? Find(IReadOnlyList<ModelVersion> versions, string number) =>
        versions.FirstOrDefault(version => version.Number.ToString(CultureInfo.InvariantCulture) == number);
}
