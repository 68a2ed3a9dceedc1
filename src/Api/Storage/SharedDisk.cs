using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Models.Files;

namespace Fovea.Api.Storage;

/// <summary>
/// The folders <see cref="Settings.Data"/> and <see cref="Settings.ModelRepository"/>, which may lie on a disk that several machines share.
/// While the disk is gone, the folders are missing or cannot be read. Then nothing is written in their place, and requests that need them
/// are refused with 503.
/// </summary>
internal static class SharedDisk
{
    /// <summary>Notes which folders are there. From now on they are not made again.</summary>
    public static void Note(Settings settings)
    {
        foreach (var folder in new[] { settings.ModelRepository, settings.Data }.Where(Directory.Exists))
        {
            FixedFolders.Add(folder);
        }
    }

    /// <summary>Returns Fovea:Data or Fovea:ModelRepository if the folder of this setting is missing now; null if neither is.</summary>
    public static string? Missing(Settings settings) =>
        IsMissing(settings.Data) ? "Fovea:Data"
        : IsMissing(settings.ModelRepository) ? "Fovea:ModelRepository"
        : null;

    /// <summary>Whether a path lies in one of the folders, and this folder is missing now.</summary>
    public static bool IsMissing(string path) => FixedFolders.MissingAbove(path) is not null;

    /// <summary>Checks that the folder with a path is there.</summary>
    /// <param name="path">A path in one of the folders; the path itself need not exist.</param>
    /// <param name="place">The name of the folder in the message, such as "The model repository".</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.Unavailable"/>: the folder is missing.</exception>
    public static void Require(string path, string place)
    {
        if (IsMissing(path))
        {
            throw Unreachable(place);
        }
    }

    /// <summary>Returns the error for a request that needs a folder while it is missing.</summary>
    /// <param name="place">The name of the folder in the message, such as "The model repository".</param>
    /// <param name="cause">The error that revealed it; null: none.</param>
    public static ServiceException Unreachable(string place, Exception? cause = null) =>
        new(ServiceError.Unavailable, $"{place} cannot be reached now, perhaps because its disk is gone. Retry later.", cause);
}
