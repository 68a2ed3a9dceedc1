using System.Buffers;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// A folder for files that do not count (yet, or any more), gone when disposed of. It lies beside where they will count, so that moving them in and out is one step of
/// the file system, and its name begins with a dot, which no model's or data set's does.
/// </summary>
internal sealed class StagingFolder : IDisposable
{
    private const string Prefix = ".upload-";
    private const int BufferBytes = 128 << 10;

    private readonly string place;

    /// <param name="parent">The folder that it lies in; made where it is missing.</param>
    /// <param name="place">What callers know that folder as, such as "The model repository".</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public StagingFolder(string parent, string place)
    {
        this.place = place;
        Path = System.IO.Path.Combine(parent, $"{Prefix}{Guid.NewGuid():N}");
        Write(() => Directory.CreateDirectory(Path));
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Deletes what processes left that were killed: folders in which nothing was written for so long.</summary>
    public static void DeleteAbandoned(string parent, TimeSpan idle)
    {
        foreach (var folder in new DirectoryInfo(parent).EnumerateDirectories($"{Prefix}*").Where(folder => DateTime.UtcNow - LastWrite(folder) > idle))
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Changes something here, or moves it in or out.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>: the disk is full, or may not be written to.</exception>
    public void Write(Action act) => Write(() =>
    {
        act();
        return true;
    });

    /// <summary>The same for what has a result.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public T Write<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.CannotWrite, $"{place} cannot be written to: {Reason(e)}. Nothing was changed; expected a folder that the service may write to, with enough room.", e);
        }
    }

    /// <summary>Writes what comes into a file, without holding it in memory; its length.</summary>
    /// <exception cref="FoveaException">It is empty, is more than <paramref name="most"/> bytes, or cannot be written.</exception>
    public async Task<long> Receive(Stream from, string name, long most, CancellationToken stop)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            using var file = Write(() => new FileStream(System.IO.Path.Combine(Path, name), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0));
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
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    private static DateTime LastWrite(DirectoryInfo folder) =>
        folder.EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Select(entry => entry.LastWriteTimeUtc).Append(folder.LastWriteTimeUtc).Max();

    // The system's words without the path, which is nothing to callers.
    private static string Reason(Exception cause) => cause.Message.Split(" : ")[0].Split(" '")[0].TrimEnd('.');
}
