using System.Security.Cryptography;
using System.Text;
using Fovea.Models.Errors;
using Fovea.Models.Files;

namespace Fovea.Models.Adoption;

/// <summary>
/// A folder that caches adopted forms of model files. The service does not overwrite the files themselves; with the cache it adopts each
/// file once instead of at every load. Several processes may share the folder.
/// </summary>
/// <remarks>
/// An entry is one file, <c>KEY-SHA256.onnx</c>, written whole or not at all. The key is a hash over the original file, the settings and
/// label files beside it, and this build of Fovea. SHA256 is the hash of the entry's content: an entry with another hash is damaged, so it
/// is deleted and the file adopted again.
/// </remarks>
/// <param name="folder">The folder's path. The first write creates the folder.</param>
/// <param name="mostBytes">
/// The limit in bytes for all entries together. Beyond it, the least recently used entries are deleted. 0 keeps no entry.
/// </param>
public sealed class AdoptionCache(string folder, long mostBytes)
{
    private const string Ending = ".onnx";

    // A temporary file older than this is left over from a stopped process: no write takes a day.
    private static readonly TimeSpan Unfinished = TimeSpan.FromDays(1);

    // Part of the key, because another build may adopt the same file differently.
    private static readonly string Build = typeof(AdoptionCache).Module.ModuleVersionId.ToString("N");

    /// <summary>Receives the reason when writing an entry fails. The service then serves the model without a cache entry.</summary>
    public Action<string>? Failed { get; init; }

    /// <summary>The cache key of an adopted form.</summary>
    /// <param name="parts">Hashes of everything that the adopted form depends on, such as the original file.</param>
    internal static string Key(params IEnumerable<string> parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts.Prepend(Build)))));

    /// <summary>Returns the content of an entry; <c>null</c> if the entry is missing or damaged.</summary>
    /// <param name="key">The entry's key.</param>
    internal byte[]? Find(string key)
    {
        foreach (var path in Entries($"{key}-*{Ending}"))
        {
            // Another process may delete the entry meanwhile. Then the file is adopted again.
            if (Try(() => File.ReadAllBytes(path)) is { } content)
            {
                if (Path.GetFileName(path) == NameOf(key, content))
                {
                    Try(() => new FileInfo(path) { LastWriteTimeUtc = TimeProvider.System.GetUtcNow().UtcDateTime });
                    return content;
                }

                Try(() => Deleted(path));
            }
        }

        return null;
    }

    /// <summary>Writes an entry and deletes old entries to make room. Does nothing if the entry alone exceeds the limit.</summary>
    /// <param name="key">The entry's key.</param>
    /// <param name="content">The bytes of the adopted .onnx file.</param>
    internal void Store(string key, byte[] content)
    {
        if (content.Length > mostBytes)
        {
            return;
        }

        try
        {
            Clean(mostBytes - content.Length);
            AtomicFile.Write(Path.Combine(folder, NameOf(key, content)), stream => stream.Write(content));
        }
        catch (Exception e) when (e is FoveaException or IOException or UnauthorizedAccessException)
        {
            Failed?.Invoke(e.Message);
        }
    }

    // Deletes leftover temporary files, and then the least recently used entries until the rest take at most this many bytes.
    private void Clean(long bytes)
    {
        foreach (var file in Entries("*.tmp").Select(path => new FileInfo(path)))
        {
            if (file.Exists && TimeProvider.System.GetUtcNow().UtcDateTime - file.LastWriteTimeUtc > Unfinished)
            {
                file.Delete();
            }
        }

        foreach (var file in Entries($"*{Ending}").Select(path => new FileInfo(path)).Where(file => file.Exists)
            .OrderByDescending(file => file.LastWriteTimeUtc))
        {
            bytes -= file.Length;
            if (bytes < 0)
            {
                file.Delete();
            }
        }
    }

    private static string Deleted(string path)
    {
        File.Delete(path);
        return path;
    }

    private static string NameOf(string key, byte[] content) => $"{key}-{Convert.ToHexStringLower(SHA256.HashData(content))}{Ending}";

    private string[] Entries(string pattern) =>
        Try(() => Directory.Exists(folder) ? Directory.GetFiles(folder, pattern) : []) ?? [];

    private static T? Try<T>(Func<T> act)
        where T : class
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
