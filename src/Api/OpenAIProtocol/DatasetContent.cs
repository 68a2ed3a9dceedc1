using System.IO.Compression;
using Fovea.Api.DatasetRepository;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>
/// Writes a data set as a zip file: a folder for each part, the class folders in it, and the lists of labels if the data set has them.
/// </summary>
internal static class DatasetContent
{
    /// <summary>
    /// Writes the files one after the other. Image files are compressed already, so they are stored without further compression.
    /// </summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="to">The stream that receives the archive.</param>
    /// <param name="stop">Stops writing.</param>
    /// <exception cref="IOException">The data set was deleted meanwhile, or the client has gone.</exception>
    public static async Task Write(UploadedDataset dataset, Stream to, CancellationToken stop)
    {
        await using var zip = await ZipArchive.CreateAsync(to, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, stop);
        foreach (var part in UploadedDataset.Parts)
        {
            var folder = new DirectoryInfo(Path.Combine(dataset.Folder, part));
            var files = folder.Exists ? folder.EnumerateFiles("*", SearchOption.AllDirectories) : [];
            foreach (var file in files.OrderBy(file => file.FullName, StringComparer.Ordinal))
            {
                var name = Path.GetRelativePath(dataset.Folder, file.FullName).Replace(Path.DirectorySeparatorChar, '/');
                var entry = zip.CreateEntry(name, CompressionLevel.NoCompression);
                await using var source = file.OpenRead();
                await using var target = await entry.OpenAsync(stop);
                await source.CopyToAsync(target, stop);
            }
        }
    }
}
