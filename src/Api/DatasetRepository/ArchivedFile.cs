using System.IO.Compression;

namespace Fovea.Api.DatasetRepository;

/// <summary>A file in an archive.</summary>
/// <param name="Entry">The file's entry in the archive.</param>
/// <param name="Names">The names of the file's folders, outermost first, and then the name of the file.</param>
internal sealed record ArchivedFile(ZipArchiveEntry Entry, IReadOnlyList<string> Names)
{
    /// <summary>The file's path in the archive, with forward slashes.</summary>
    public string Path => string.Join('/', Names);
}
