using Fovea.Models.Errors;

namespace Fovea.Models.Files;

/// <summary>
/// Finds files whose names may differ from the expected names in the case of letters: people send Labels.txt for labels.txt, and only some
/// file systems treat both as the same name.
/// </summary>
internal static class AnyCase
{
    private static readonly EnumerationOptions IgnoringCase = new() { MatchCasing = MatchCasing.CaseInsensitive, AttributesToSkip = 0 };

    /// <summary>
    /// The path of the file with this name. If there is none: the path of the only file whose name differs in the case of letters alone. If
    /// there is none either: the given path.
    /// </summary>
    /// <exception cref="FoveaException">Several files have this name in other cases of letters, and none has it exactly.</exception>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static string Find(string path)
    {
        if (File.Exists(path) || Path.GetDirectoryName(path) is not { } folder || !Directory.Exists(folder == "" ? "." : folder))
        {
            return path;
        }

        var name = Path.GetFileName(path);
        string[] alike =
        [
            .. new DirectoryInfo(folder == "" ? "." : folder).GetFiles("*", IgnoringCase)
                .Select(file => file.Name).Where(other => other.Equals(name, StringComparison.OrdinalIgnoreCase)),
        ];
        return alike switch
        {
            [] => path,
            [var only] => Path.Combine(folder, only),
            _ => throw new FoveaException(
                ErrorCode.BadModelFile,
                $"{string.Join(" and ", alike.Order(StringComparer.Ordinal))} differ only in the case of their letters; expected one of "
                    + "them."),
        };
    }
}
