using System.Buffers;
using Fovea.Api.Requests;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Api.Storage;

/// <summary>
/// A folder for files that are not in use yet, or no longer. Disposing of it deletes it. It lies in the folder where the files are to go,
/// so moving them in or out is one rename, and its name begins with a dot, so no model and no data set has that name.
/// </summary>
/// <remarks>
/// <c>.upload-{id}/lock</c> is held locked (flock) as long as this lives, and the system unlocks it when the process ends, however it ends.
/// <see cref="DeleteAbandoned"/> deletes the folders whose lock nobody holds. The files lie in <c>.upload-{id}/files</c>, which can be
/// moved while the lock stays.
/// </remarks>
internal sealed class StagingFolder : IDisposable
{
    private const string Prefix = ".upload-", LockFile = "lock", FilesFolder = "files";
    private const int BufferBytes = 128 << 10;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // Some file systems cannot lock, and older versions of the service did not. The check of a model may write nothing for an hour.
    private static readonly TimeSpan OldWithoutLock = TimeSpan.FromDays(1);

    private readonly string place, folder;
    private readonly FileStream ownership;

    /// <summary>Makes the folder.</summary>
    /// <param name="parent">The folder in which it lies; made if it is missing.</param>
    /// <param name="place">What callers know the parent as, such as "The model repository".</param>
    /// <param name="isPrivate">Whether only the service's user may read <see cref="Path"/>, also once it is moved.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public StagingFolder(string parent, string place, bool isPrivate = false)
    {
        this.place = place;
        folder = System.IO.Path.Combine(parent, $"{Prefix}{Guid.NewGuid():N}");
        Path = System.IO.Path.Combine(folder, FilesFolder);
        ownership = Write(() =>
        {
            Directory.CreateDirectory(parent);
            MakeFolder(folder, isPrivate: true);
            var lockFile = System.IO.Path.Combine(folder, LockFile);
            var locked = new FileStream(lockFile, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            if (!IsLocked(lockFile))
            {
                // The file system does not lock, so others must not take the file as abandoned.
                File.Delete(lockFile);
            }

            MakeFolder(Path, isPrivate);
            return locked;
        });
    }

    /// <summary>The folder for the files.</summary>
    public string Path { get; }

    /// <summary>Whether a path's part is the name of such a folder.</summary>
    public static bool IsName(ReadOnlySpan<char> name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Deletes the folders of processes that have ended without deleting them.</summary>
    /// <param name="parent">The folder in which they lie; it need not exist.</param>
    /// <param name="now">The time, for folders without a lock file: they are deleted when nothing has been written into them for a
    /// day.</param>
    /// <exception cref="IOException">A folder cannot be deleted; the others are.</exception>
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
                // Its owner, or another service's sweep, has deleted it meanwhile.
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

    /// <summary>Writes a file in the folder, or moves files in or out.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>: the disk is full, or the service may not write to
    /// it.</exception>
    public void Write(Action act) => Write(() =>
    {
        act();
        return true;
    });

    /// <summary>Does the same with an action that has a result.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public T Write<T>(Func<T> act)
    {
        try
        {
            return act();
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

    /// <summary>Writes a stream into a new file, without holding it in memory.</summary>
    /// <param name="from">The stream, read to its end.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="most">The most bytes that the file may have.</param>
    /// <param name="stop">Stops reading.</param>
    /// <returns>The length in bytes, at least 1.</returns>
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

            // No token: a read of a request's body that a token cancels leaves the body in a state in which the server cannot drain it. The
            // server itself ends the read when the client goes away.
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
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        // Last: a sweep takes a folder that is not locked as abandoned.
        ownership.Dispose();
    }

    private static void MakeFolder(string path, bool isPrivate)
    {
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

    // The operating system's message without the path, which callers of the service cannot use.
    private static string Reason(Exception cause) => cause.Message.Split(" : ")[0].Split(" '")[0].TrimEnd('.');
}
