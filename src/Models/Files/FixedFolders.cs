using System.Collections.Concurrent;
using System.Diagnostics;

namespace Fovea.Models.Files;

/// <summary>
/// Folders that exist when the program starts and that it never makes again, such as the folder of a shared disk. While such a folder is
/// missing, its disk is gone, or another process has renamed it. Files written in its place would be hidden or lost later. Thread-safe.
/// </summary>
public static class FixedFolders
{
    /// <summary>
    /// The environment variable with the paths of fixed folders, one on each line, for a program that another program starts.
    /// </summary>
    public const string Variable = "FOVEA_FIXED_FOLDER";

    // The timestamp of the last look that missed the folder; 0: none has.
    private static readonly ConcurrentDictionary<string, long> Known = OfEnvironment();

    /// <summary>Declares that a folder exists and is never made again by this program.</summary>
    /// <param name="folder">The path of the folder.</param>
    public static void Add(string folder) => Known.TryAdd(Normal(folder), 0);

    /// <summary>Returns the fixed folder that is a path, or holds it, and that is missing now; <c>null</c> if there is none.</summary>
    /// <param name="path">The path of a folder or a file, which need not exist.</param>
    public static string? MissingAbove(string path)
    {
        // A folder that exists has all the folders above it.
        for (var folder = Normal(path); folder is not null && !Directory.Exists(folder); folder = Path.GetDirectoryName(folder))
        {
            if (Known.ContainsKey(folder))
            {
                Known[folder] = Stopwatch.GetTimestamp();
                return folder;
            }
        }

        return null;
    }

    /// <summary>
    /// Returns when <see cref="MissingAbove"/> last missed a fixed folder, as a timestamp of <see cref="Stopwatch"/>; 0 if it never has, or
    /// the folder is not a fixed one.
    /// </summary>
    /// <param name="folder">The path of the folder.</param>
    public static long LastMiss(string folder) => Known.GetValueOrDefault(Normal(folder));

    /// <summary>Makes a folder and those above it, unless it exists.</summary>
    /// <param name="path">The path of the folder.</param>
    /// <exception cref="DirectoryNotFoundException">A fixed folder above it is missing.</exception>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    public static void MakeFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            RequireAbove(path);
            Directory.CreateDirectory(path);
        }
    }

    /// <summary>Checks that no fixed folder above a path is missing.</summary>
    /// <param name="path">The path of a folder or a file, which need not exist.</param>
    /// <exception cref="DirectoryNotFoundException">A fixed folder above it is missing.</exception>
    public static void RequireAbove(string path)
    {
        if (MissingAbove(path) is { } missing)
        {
            throw new DirectoryNotFoundException(
                $"The folder {Path.GetFileName(missing)} is missing; perhaps its disk is gone for a while");
        }
    }

    private static ConcurrentDictionary<string, long> OfEnvironment() => new(
        (Environment.GetEnvironmentVariable(Variable) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(Normal).Distinct().Select(folder => KeyValuePair.Create(folder, 0L)));

    private static string Normal(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
}
