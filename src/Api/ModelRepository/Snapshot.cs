using System.Globalization;
using Fovea.Api.Problems;
using Fovea.Models.Errors;

namespace Fovea.Api.ModelRepository;

/// <summary>The state of a model at one moment.</summary>
/// <param name="Chosen">The content of the file named default; null if the file does not exist.</param>
/// <param name="Versions">The versions, the lowest first; empty if the model does not exist.</param>
/// <param name="Wanted">The version that should serve; null if the file named default does not name an existing version.</param>
/// <param name="Serving">
/// The loaded version that serves; null if none does. If the wanted version could not be loaded, this is the version that served before.
/// </param>
/// <param name="State">Whether the model can answer.</param>
/// <param name="Reason">The reason why the wanted version does not serve; otherwise null.</param>
internal sealed record Snapshot(
    string? Chosen, IReadOnlyList<ModelVersion> Versions, ModelVersion? Wanted, ModelVersion? Serving, ModelState State, string? Reason)
{
    /// <summary>The files of the versions.</summary>
    public ModelFolder Folder => new([.. Versions.Select(version => version.Folder)], Chosen);

    /// <summary>Whether the model was unloaded.</summary>
    public bool IsUnloaded => State == ModelState.Unloaded && Versions.Count > 0;

    /// <summary>A clause for the log: which version serves and, if the wanted one does not, the reason.</summary>
    public string Outcome =>
        (Serving is { } serving ? $"version {serving.Number} serves now" : "no version serves now") + (Reason is null ? "" : $": {Reason}");

    /// <summary>The numbers of the versions, separated by commas, for a message.</summary>
    public string Numbers => string.Join(", ", Versions.Select(version => version.Number));

    /// <summary>
    /// Every version that may be loaded. It includes the version that serves, even if its files were deleted from the folder.
    /// </summary>
    public IEnumerable<ModelVersion> All => Serving is null ? Versions : Versions.Append(Serving);

    /// <summary>Makes the snapshot of a model that is not loaded yet.</summary>
    /// <param name="chosen">The content of the file named default; null if the file does not exist.</param>
    /// <param name="versions">The versions, the lowest first.</param>
    public static Snapshot Of(string? chosen, IReadOnlyList<ModelVersion> versions)
    {
        var wanted = chosen is not null ? Find(versions, chosen) : versions is [.., var last] ? last : null;
        return new(chosen, versions, wanted, null, ModelState.Loading, null);
    }

    /// <summary>Returns the version with this number; null if it does not exist.</summary>
    public ModelVersion? Find(string number) => Find(Versions, number);

    /// <summary>Loads the wanted version and returns the new snapshot.</summary>
    /// <param name="otherwise">The version that serves if the wanted version cannot be loaded; null: then no version serves.</param>
    public async Task<Snapshot> Loaded(ModelVersion? otherwise)
    {
        if (Versions.Count == 0)
        {
            return this;
        }

        if (Chosen == ModelFolder.None)
        {
            return this with { State = ModelState.Unpublished, Reason = "No version of the model is published yet." };
        }

        try
        {
            var version = Wanted ?? throw new ServiceException(
                ServiceError.ModelUnavailable,
                $"The model's file named {ModelFolder.Default} holds {Chosen}; expected one of the versions {Numbers}.");
            using var lease = await version.Lease();
            return this with { Serving = version, State = ModelState.Ready };
        }
        catch (RefusalException e)
        {
            return this with
            {
                Serving = otherwise,
                State = otherwise is null ? ModelState.Failed : ModelState.Ready,
                Reason = otherwise is null ? e.Message : $"{e.Message} Version {otherwise.Number} keeps serving.",
            };
        }
    }

    /// <summary>Returns a snapshot in which the selected versions are not loaded. Loaded ones are freed when their leases end.</summary>
    public Snapshot WithAnew(Predicate<ModelVersion> which) =>
        this with { Versions = [.. Versions.Select(version => which(version) ? version.Anew() : version)] };

    private static ModelVersion? Find(IReadOnlyList<ModelVersion> versions, string number) =>
        versions.FirstOrDefault(version => version.Number.ToString(CultureInfo.InvariantCulture) == number);
}
