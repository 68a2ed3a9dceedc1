using Fovea.Api.Configuration;

namespace Fovea.Api.Storage;

/// <summary>The folders that the service writes to with their sizes, and the days after which it deletes what they hold.</summary>
/// <param name="Folders">The folders of models, adopted models, data sets, jobs and downloaded weights.</param>
/// <param name="Retention">The settings under <c>Fovea:Retention</c>: days after which items are deleted, 0 for never.</param>
internal sealed record StorageUse(IReadOnlyList<FolderUse> Folders, RetentionSettings Retention)
{
    /// <summary>Measures the folders now.</summary>
    public static StorageUse Of(Settings settings, RetentionSettings retention) => new(
        [
            FolderUse.Of("models", settings.ModelRepository),
            FolderUse.Of("adopted", settings.AdoptedFolder),
            FolderUse.Of("datasets", settings.DatasetFolder),
            FolderUse.Of("jobs", Path.Combine(settings.Data, "fine-tuning")),
            FolderUse.Of("weights", settings.Weights),
        ],
        retention);
}
