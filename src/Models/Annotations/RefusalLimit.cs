using System.Globalization;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Annotations;

/// <summary>
/// Limits the share of a data set's files that may be unreadable. A larger share suggests a wrong folder or a broken copy, so it is an
/// error.
/// </summary>
public static class RefusalLimit
{
    private const double LargestShare = 0.05;

    // The number of refused files that the error message lists.
    private const int Shown = 5;

    /// <summary>Checks the share of refused files, and that each class has usable images.</summary>
    /// <param name="name">The folder or archive with the files, for the message.</param>
    /// <param name="refused">The path of each refused file and the reason why it was refused.</param>
    /// <param name="files">The number of all files, including the refused ones.</param>
    /// <param name="empty">The class folders without a usable image.</param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadDataset"/>: a class has no image, or more than 5 % of the files are refused; the message names them.
    /// </exception>
    public static void Check(
        string name, IReadOnlyCollection<(string File, string Reason)> refused, int files, IEnumerable<string> empty)
    {
        if (empty.FirstOrDefault() is { } folder)
        {
            var own = refused.Where(file => file.File.StartsWith($"{folder}/", StringComparison.Ordinal)).ToArray();
            throw Bad($"{folder} has no usable images; expected at least one of each class."
                + Listed(own.Length > 0 ? own : refused));
        }

        if (refused.Count > LargestShare * files)
        {
            throw Bad(string.Create(
                CultureInfo.InvariantCulture,
                $"{refused.Count} of the {files} files in {name} are not readable images; expected at most {LargestShare * 100} %.")
                + Listed(refused));
        }
    }

    private static string Listed(IReadOnlyCollection<(string File, string Reason)> refused) => refused.Count == 0 ? ""
        : $" {(refused.Count > Shown ? "The first: " : "")}"
            + $"{string.Join("; ", refused.Take(Shown).Select(file => $"{file.File}: {file.Reason.TrimEnd('.')}"))}.";

    private static FoveaException Bad(string message) => new(ErrorCode.BadDataset, message);
}
