using System.Buffers;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;

namespace Fovea.Api.Storage;

/// <summary>
/// A temporary folder for files that are not in use yet, or no longer in use. Disposing of this object deletes the folder. The folder lies
/// in the parent folder of the files' final place, so moving the files in or out is one rename. Its name begins with a dot, so it is never
/// the name of a model or a data set.
/// </summary>
/// <remarks>
/// The file <c>.upload-{id}/lock</c> is locked (flock) until this object is disposed of. The system unlocks it when the process ends, even
/// if the process is killed. <see cref="DeleteAbandoned"/> deletes the folders whose file is not locked. The files lie in
/// <c>.upload-{id}/files</c>, which can be moved away while the lock is held.
/// </remarks>
internal sealed class StagingFolder : IDisposable
{
    private const string Prefix = ".upload-", LockFile = "lock", FilesFolder = "files";
    private const int BufferBytes = 128 << 10;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // Some file systems cannot lock files, and older releases of the service did not. A folder without a lock file is abandoned after this
    // time without a write; it is long, because the check of a model may write nothing for an hour.
    private static readonly TimeSpan OldWithoutLock = TimeSpan.FromDays(1);

    private readonly string place, folder;
    private readonly FileStream ownership;

    /// <summary>Makes the folder.</summary>
    /// <param name="parent">The path of the parent folder, which is made if it is missing, but not while its disk is gone.</param>
    /// <param name="place">The name of the parent folder in messages, such as "The model repository".</param>
    /// <param name="isPrivate">Whether only the service's user may read <see cref="Path"/>, even after it was moved.</param>
    /// <exception cref="RefusalException"><see cref="ErrorCode.CannotWrite"/>: the parent folder cannot be written to.
    /// <see cref="ServiceError.Unavailable"/>: its disk is gone.</exception>
    public StagingFolder(string parent, string place, bool isPrivate = false)
    {
        this.place = place;
        folder = System.IO.Path.Combine(parent, $"{Prefix}{Guid.NewGuid():N}");
        Path = System.IO.Path.Combine(folder, FilesFolder);
        ownership = Write(() =>
        {
            FixedFolders.MakeFolder(parent);
            MakeFolder(folder, isPrivate: true);
            var lockFile = System.IO.Path.Combine(folder, LockFile);
            var locked = new FileStream(lockFile, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            if (!IsLocked(lockFile))
            {
                // The file system cannot lock files. Without its lock file the folder does not look abandoned to other services.
                File.Delete(lockFile);
            }

            MakeFolder(Path, isPrivate);
            return locked;
        });
    }

    /// <summary>The path of the folder for the files.</summary>
    public string Path { get; }

    /// <summary>Whether a name is the name of a staging folder.</summary>
    public static bool IsName(ReadOnlySpan<char> name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Whether an error of <see cref="Write(Action)"/> means that the disk is full, cannot be written to, or is gone.</summary>
    public static bool IsOfDisk(RefusalException e) =>
        e is FoveaException { Code: ErrorCode.CannotWrite } or ServiceException { Error: ServiceError.Unavailable };

    /// <summary>Deletes the staging folders that processes left when they were killed.</summary>
    /// <param name="parent">The path of the parent folder of the staging folders; it need not exist.</param>
    /// <param name="now">
    /// The present time. A staging folder without a lock file is deleted when nothing has been written into it for a day.
    /// </param>
    /// <exception cref="IOException">A folder cannot be deleted; the other folders are deleted all the same.</exception>
    public static void DeleteAbandoned(string parent, DateTimeOffset now)
    {
        Exception? first = null;
        foreach (var abandoned in Directory.Exists(parent) ? Directory.GetDirectories(parent, $"{Prefix}*") : [])
        {
            try
            {
                if (IsAbandoned(new DirectoryInfo(abandoned), now))
                {
                    Directory.Delete(abandoned, recursive: true);
                }
            }
            catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
            {
                // The process that made the folder, or another service's sweep, has deleted it meanwhile.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                first ??= e;
            }
        }

        if (first is not null)
        {
            throw new IOException(first.Message, first);
        }
    }

    /// <summary>Runs an action that writes or moves files, and turns its I/O errors into one message for callers.</summary>
    /// <exception cref="RefusalException"><see cref="ErrorCode.CannotWrite"/>: the disk is full, or the service may not write to it.
    /// <see cref="ServiceError.Unavailable"/>: the disk is gone.</exception>
    public void Write(Action act) => Write(() =>
    {
        act();
        return true;
    });

    /// <summary>Like <see cref="Write(Action)"/>, for an action that returns a result.</summary>
    /// <exception cref="RefusalException">As for <see cref="Write(Action)"/>.</exception>
    public T Write<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && SharedDisk.IsMissing(folder))
        {
            throw SharedDisk.Unreachable(place, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.CannotWrite,
                $"{place} cannot be written to: {Reason(e)}. Nothing was changed; expected a folder that the service may write to, "
                    + $"with enough room.",
                e);
        }
    }

    /// <summary>Writes a stream into a new file in the folder, piece by piece, without holding the stream in memory.</summary>
    /// <param name="from">The stream, which is read to its end.</param>
    /// <param name="name">The name of the file.</param>
    /// <param name="most">The largest length of the file in bytes.</param>
    /// <param name="stop">Stops reading.</param>
    /// <returns>The length of the file in bytes, at least 1.</returns>
    /// <exception cref="RefusalException">The stream is empty, has more than <paramref name="most"/> bytes, or the file cannot be
    /// written.</exception>
    public async Task<long> Receive(Stream from, string name, long most, CancellationToken stop)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            using var file = Write(() =>
                new FileStream(System.IO.Path.Combine(Path, name), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0));
            long length = 0;

            // The read gets no cancellation token: after a cancelled read, the server could not read the rest of the request's body. When
            // the client disconnects, the server itself ends the read.
            for (int read; (read = await from.ReadAsync(buffer, CancellationToken.None)) > 0;)
            {
                stop.ThrowIfCancellationRequested();
                length += read;
                RequestBody.RefuseOver(most, name, length);
                Write(() => file.Write(buffer, 0, read));
            }

            Write(() => file.Flush(flushToDisk: true));
            return length > 0 ? length : throw new FoveaException(ErrorCode.EmptyBody, $"{name} is empty; expected the bytes of the file.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The lock is released last, because a sweep deletes folders that are not locked.
        using (ownership)
        {
            try
            {
                if (Directory.Exists(folder))
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
            catch (IOException) when (SharedDisk.IsMissing(folder))
            {
                // The disk is gone. When it is back, a sweep deletes the folder.
            }
        }
    }

    private static void MakeFolder(string path, bool isPrivate)
    {
        // Making a folder also makes missing folders above it, even in the place of a disk that is gone.
        FixedFolders.RequireAbove(path);
        if (isPrivate && !OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path, Private);
        }
        else
        {
            Directory.CreateDirectory(path);
        }
    }

    private static bool IsAbandoned(DirectoryInfo folder, DateTimeOffset now)
    {
        var path = System.IO.Path.Combine(folder.FullName, LockFile);
        if (!File.Exists(path))
        {
            return now - LastWrite(folder) > OldWithoutLock;
        }

        return !IsLocked(path);
    }

    private static bool IsLocked(string path)
    {
        try
        {
            // .NET locks a file that is opened like this, and throws if another stream, here or in another process, has locked it.
            new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
            return false;
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException))
        {
            return true;
        }
    }

    private static DateTimeOffset LastWrite(DirectoryInfo folder) => folder.EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
        .Select(entry => entry.LastWriteTimeUtc).Append(folder.LastWriteTimeUtc).Max();

    // Returns the operating system's message without the path of the file, which is of no use to callers of the service.
    private static string Reason(Exception cause) => cause.Message.Split(" : ")[0].Split(" '")[0].TrimEnd('.');
}
