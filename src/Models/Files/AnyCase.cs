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
    public static string Find(string path) =>
        Find(path, (name, other) => name.Equals(other, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// As <see cref="Find(string)"/>, for a name that is only fixed in its ending: the case of the other letters has an effect, so that
    /// Cat.json does not belong to cat.onnx.
    /// </summary>
    /// <exception cref="FoveaException">Several files have this name with the ending in other cases of letters, and none has it exactly.
    /// </exception>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static string FindEnding(string path) => Find(
        path,
        (name, other) => name.Equals(other, StringComparison.OrdinalIgnoreCase)
            && Path.GetFileNameWithoutExtension(name.AsSpan()).SequenceEqual(Path.GetFileNameWithoutExtension(other.AsSpan())));

    private static string Find(string path, Func<string, string, bool> isAlike)
    {
        if (File.Exists(path) || Path.GetDirectoryName(path) is not { } folder || !Directory.Exists(folder == "" ? "." : folder))
        {
            return path;
        }

        var name = Path.GetFileName(path);
        string[] alike =
        [
            .. new DirectoryInfo(folder == "" ? "." : folder).GetFiles("*", IgnoringCase)
                .Select(file => file.Name).Where(other => isAlike(name, other)),
        ];
        return alike switch
        {
            [] => path,
            [var only] => Path.Combine(folder, only),
            _ => throw new FoveaException(
                ErrorCode.BadModelFile,
                $"{string.Join(" and ", alike.Order(StringComparer.Ordinal))} in {(folder == "" ? "this folder" : folder)} differ only in "
                    + "the case of their letters; expected one of them."),
        };
    }
}
