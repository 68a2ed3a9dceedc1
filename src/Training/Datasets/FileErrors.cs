namespace Fovea.Training;

/// <summary>Explains in plain words why a file could not be read.</summary>
internal static class FileErrors
{
    /// <summary>
    /// Returns the predicate of a sentence whose subject is the file, such as <c>is a folder</c>. The operating system's error for a folder
    /// is "access denied", so the path is looked up again to tell a folder, a missing file and a missing permission apart.
    /// </summary>
    /// <param name="path">The path that could not be read.</param>
    /// <param name="error">The exception that reading threw.</param>
    public static string Predicate(string path, Exception error) =>
        Directory.Exists(path) ? "is a folder"
        : !File.Exists(path) ? "does not exist"
        : error is UnauthorizedAccessException ? "cannot be read without permission"
        : $"cannot be read: {error.Message.TrimEnd('.')}";
}
