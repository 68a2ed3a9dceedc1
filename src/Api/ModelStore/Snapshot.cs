using System.Globalization;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>A model at one moment.</summary>
/// <param name="Chosen">What the file named default holds; null if there is none.</param>
/// <param name="Versions">The versions, the lowest first; none if there is no such model, or no longer.</param>
/// <param name="Wanted">The version that should serve; null if the file named default names none that exists.</param>
/// <param name="Serving">The version that serves, loaded; another one than the wanted one if that could not be loaded.</param>
/// <param name="State">Whether the model can answer.</param>
/// <param name="Reason">Why the wanted version does not serve, else null.</param>
internal sealed record Snapshot(
    string? Chosen, IReadOnlyList<ModelVersion> Versions, ModelVersion? Wanted, ModelVersion? Serving, ModelState State, string? Reason)
{
    /// <summary>The files that the versions were loaded from, or are to be.</summary>
    public ModelFolder Folder => new([.. Versions.Select(version => version.Folder)], Chosen);

    /// <summary>Whether it was taken out of memory.</summary>
    public bool IsUnloaded => State == ModelState.Unloaded && Versions.Count > 0;

    /// <summary>The versions' numbers, for a message.</summary>
    public string Numbers => string.Join(", ", Versions.Select(version => version.Number));

    /// <summary>Every version that may be loaded; the one that serves may be none of the folder's any more.</summary>
    public IEnumerable<ModelVersion> All => Serving is null ? Versions : Versions.Append(Serving);

    /// <summary>A model that is not loaded yet.</summary>
    /// <param name="chosen">What the file named default holds; null if there is none.</param>
    /// <param name="versions">The versions, the lowest first.</param>
    public static Snapshot Of(string? chosen, IReadOnlyList<ModelVersion> versions)
    {
        var wanted = chosen is not null ? Find(versions, chosen) : versions is [.., var last] ? last : null;
        return new(chosen, versions, wanted, null, ModelState.Loading, null);
    }

    /// <summary>A version by its number; null if there is none.</summary>
    public ModelVersion? Find(string number) => Find(Versions, number);

    /// <summary>The same model once the wanted version is loaded.</summary>
    /// <param name="otherwise">The version that serves if the wanted one cannot be loaded.</param>
    public async Task<Snapshot> Loaded(ModelVersion? otherwise)
    {
        if (Versions.Count == 0)
        {
            return this;
        }

        if (Chosen == ModelFolder.None)
        {
            return this with { State = ModelState.Unpublished, Reason = "None of its versions was published yet." };
        }

        try
        {
            var version = Wanted ?? throw new FoveaException(
                ErrorCode.ModelUnavailable,
                $"Its file named {ModelFolder.Default} holds {Chosen}; expected one of the versions {Numbers}.");
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

    /// <summary>The same model with some versions replaced by themselves, not loaded yet.</summary>
    public Snapshot WithAnew(Predicate<ModelVersion> which) =>
        this with { Versions = [.. Versions.Select(version => which(version) ? version.Anew() : version)] };

    private static ModelVersion? Find(IReadOnlyList<ModelVersion> versions, string number) =>
        versions.FirstOrDefault(version => version.Number.ToString(CultureInfo.InvariantCulture) == number);
}
