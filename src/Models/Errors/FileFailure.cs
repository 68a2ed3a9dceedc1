namespace Fovea.Models.Errors;

/// <summary>Explains in plain words why a file cannot be read, for error messages.</summary>
internal static class FileFailure
{
    /// <summary>
    /// Returns one clause without a full stop, for use after "PATH cannot be read: ". It replaces .NET's messages, which say "Access to the
    /// path is denied" for a folder, and repeat the full path.
    /// </summary>
    /// <param name="error">
    /// An <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> from opening or reading the file.
    /// </param>
    /// <param name="path">The file's path as the user gave it.</param>
    public static string Reason(Exception error, string path) => error switch
    {
        _ when Directory.Exists(path) => "it is a folder",
        UnauthorizedAccessException => "this user has no permission to read it",
        FileNotFoundException or DirectoryNotFoundException => "it does not exist",
        PathTooLongException => "its path is too long",
        EndOfStreamException => "it ends too early",
        _ => error.Message.TrimEnd('.'),
    };
}
