using System.Text.RegularExpressions;

namespace Fovea.Api;

/// <summary>
/// Removes from sentences for clients where on this machine the service's files are: clients have no use for those paths, attackers do.
/// </summary>
internal sealed partial class PrivatePaths
{
    private static readonly char[] Separators = ['/', '\\'];

    private readonly (Regex Pattern, string Name)[] folders;

    /// <param name="settings">Says where the model repository and the data are.</param>
    public PrivatePaths(Settings settings)
    {
        (string Folder, string Name)[] known =
        [
            (settings.ModelRepository, "the model repository"),
            (settings.Data, "the data folder"),
            (Path.GetTempPath(), "the temporary folder"),
            (AppContext.BaseDirectory, "the program's folder"),
        ];

        // A native library may have followed links before it names a path. A folder that lies in another one comes first.
        folders =
        [
            .. known.Select(place => place with { Folder = place.Folder.TrimEnd(Separators) })
                .SelectMany(place => (IEnumerable<(string Folder, string Name)>)[place, place with { Folder = WithoutLinks(place.Folder) }])
                .Where(place => place.Folder.Length > 0).Distinct().OrderByDescending(place => place.Folder.Length)
                .Select(place => (PatternOf(place.Folder), place.Name)),
        ];
    }

    /// <summary>
    /// The same sentence, in which paths in the model repository, the data folder, the temporary folder and the program's folder begin
    /// behind that folder, and the names of staging folders are left out: <c>/srv/onnx/lenet5/1/model.onnx</c> becomes
    /// <c>lenet5/1/model.onnx</c>.
    /// </summary>
    public string RemoveFrom(string sentence)
    {
        foreach (var (pattern, name) in folders)
        {
            sentence = pattern.Replace(sentence, match => match.Groups["whole"].Success ? name : "");
        }

        return Staging().Replace(sentence, "");
    }

    // The folder and the separator behind it, if a path goes on there; else the folder as a whole. Not a folder whose name only begins or
    // ends like it.
    private static Regex PatternOf(string folder) =>
        new(
            @$"(?<![\w.~-]){Regex.Escape(folder)}(?:[/\\]+(?=[^\s'""/\\,;:)])|(?<whole>[/\\]*(?![\w~-]|\.\w)))",
            RegexOptions.CultureInvariant);

    private static string WithoutLinks(string folder)
    {
        try
        {
            // .NET resolves only the last part of a path, so each part is resolved by itself.
            var resolved = Path.GetPathRoot(folder) ?? "";
            foreach (var part in folder[resolved.Length..].Split(Separators, StringSplitOptions.RemoveEmptyEntries))
            {
                resolved = Path.Combine(resolved, part);
                resolved = Directory.ResolveLinkTarget(resolved, returnFinalTarget: true)?.FullName ?? resolved;
            }

            return resolved;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return folder;
        }
    }

    [GeneratedRegex(@"\.upload-[0-9a-f]{32}(?:[/\\]files)?[/\\]?")]
    private static partial Regex Staging();
}
