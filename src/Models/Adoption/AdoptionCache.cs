using System.Security.Cryptography;
using System.Text;
using Fovea.Models.Errors;
using Fovea.Models.Files;

namespace Fovea.Models.Adoption;

/// <summary>
/// A folder with the adopted forms of files that may not be rewritten, so that a file is adopted once and not at each load. Several
/// processes may share the folder.
/// </summary>
/// <remarks>
/// An entry is one file, <c>KEY-SHA256.onnx</c>, written whole or not at all. The key stands for the original file, for what lies beside
/// it, and for this build of Fovea. The SHA-256 is that of the entry, so an entry that is damaged is noticed, and made anew.
/// </remarks>
/// <param name="folder">The folder; made when it is first written to.</param>
/// <param name="mostBytes">The most bytes of all entries. Those that were not used for the longest time are deleted. 0: none are
/// kept.</param>
public sealed class AdoptionCache(string folder, long mostBytes)
{
    private const string Ending = ".onnx";

    // A file that is being written is younger.
    private static readonly TimeSpan Unfinished = TimeSpan.FromDays(1);

    // Another build may adopt otherwise.
    private static readonly string Build = typeof(AdoptionCache).Module.ModuleVersionId.ToString("N");

    /// <summary>Receives the reason when an entry cannot be written. The model is served all the same.</summary>
    public Action<string>? Failed { get; init; }

    /// <summary>The key of an adopted form.</summary>
    /// <param name="parts">Hashes of all that the adopted form depends on.</param>
    internal static string Key(params IEnumerable<string> parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts.Prepend(Build)))));

    /// <summary>The content of an entry; <c>null</c> if there is none that is whole.</summary>
    /// <param name="key">The key.</param>
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

    /// <summary>Keeps an entry, if there is room for it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="content">The file.</param>
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

    // Deletes the entries that were not used for the longest time, until the others have at most this many bytes.
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
