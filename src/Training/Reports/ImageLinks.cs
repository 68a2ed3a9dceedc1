using Fovea.Training.Datasets;
using Fovea.Training.Recipes;

namespace Fovea.Training.Reports;

/// <summary>The links from a report to the images of its data set.</summary>
/// <param name="dataset">The images.</param>
/// <param name="options">The addresses of the images.</param>
/// <param name="reportFolder">The folder of the report, to which relative links refer.</param>
internal sealed class ImageLinks(Dataset dataset, ReportOptions options, string reportFolder)
{
    /// <summary>Returns the link to an image; null for an image within a file of many, which no link can show.</summary>
    /// <param name="index">The image, from 0.</param>
    /// <returns>
    /// An address of the service, or the escaped relative path of the file. If no relative path leads to the file, as from one Windows
    /// drive to another, it is the file's absolute address.
    /// </returns>
    public string? To(int index)
    {
        if (dataset.FileOf(index) is not { } file)
        {
            return null;
        }

        if (options is { ImageAddress: { } address, DataFolder: { } folder })
        {
            return address + Escaped(Path.GetRelativePath(folder, file));
        }

        var relative = Path.GetRelativePath(reportFolder, Path.GetFullPath(file));
        return Path.IsPathRooted(relative) ? new Uri(relative).AbsoluteUri : Escaped(relative);
    }

    private static string Escaped(string path) => string.Join('/', path.Split(Path.DirectorySeparatorChar).Select(Uri.EscapeDataString));
}
