using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// A folder for files that are not to be served (yet, or any more), gone when disposed of. It lies in the repository, so that moving them in and out is one step of the
/// file system, and its name begins with a dot, which no model's does.
/// </summary>
internal sealed class StagingFolder : IDisposable
{
    private const string Prefix = ".upload-";
    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public StagingFolder(string repository)
    {
        Path = System.IO.Path.Combine(repository, $"{Prefix}{Guid.NewGuid():N}");
        Writing(() => Directory.CreateDirectory(Path));
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Deletes what processes left that were killed.</summary>
    public static void DeleteAbandoned(string repository)
    {
        foreach (var folder in new DirectoryInfo(repository).EnumerateDirectories($"{Prefix}*").Where(folder => DateTime.UtcNow - folder.LastWriteTimeUtc > Abandoned))
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Does something to the repository.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>: it cannot be written to.</exception>
    public static void Writing(Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(e);
        }
    }

    /// <summary>The error of a repository that cannot be written to.</summary>
    public static FoveaException CannotWrite(Exception cause) =>
        new(ErrorCode.CannotWrite, $"The model repository cannot be written to: {Reason(cause)}. Nothing was changed; expected a folder that the service may write to, with enough room.", cause);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    // The system's words without the path, which is nothing to callers.
    private static string Reason(Exception cause) => cause.Message.Split(" : ")[0].Split(" '")[0].TrimEnd('.');
}
