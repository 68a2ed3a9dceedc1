using System.Text.RegularExpressions;
using Fovea.Api.Configuration;
using Fovea.Models.Graphs;

namespace Fovea.Api.Problems;

/// <summary>
/// Removes the paths of the service's folders from messages to clients. Clients cannot use the paths, and attackers can.
/// </summary>
internal sealed partial class PrivatePaths
{
    private static readonly char[] Separators = ['/', '\\'];

    private readonly (Regex Pattern, string Name)[] folders;

    /// <summary>Collects the folders whose paths are removed.</summary>
    /// <param name="settings">The settings with the folders of the models and of the data.</param>
    public PrivatePaths(Settings settings)
    {
        (string Folder, string Name)[] known =
        [
            (settings.ModelRepository, "the model repository"),
            (settings.Data, "the data folder"),
            (Path.GetTempPath(), "the temporary folder"),
            (AppContext.BaseDirectory, "the program's folder"),
        ];

        // A native library may resolve symbolic links before it names a path, so both the linked and the resolved path of each folder are
        // removed. The longest paths come first, so that an inner folder is removed before an outer one.
        folders =
        [
            .. known.Select(place => place with { Folder = place.Folder.TrimEnd(Separators) })
                .SelectMany(place => (IEnumerable<(string Folder, string Name)>)[place, place with { Folder = WithoutLinks(place.Folder) }])
                .Where(place => place.Folder.Length > 0).Distinct().OrderByDescending(place => place.Folder.Length)
                .Select(place => (PatternOf(place.Folder), place.Name)),
        ];
    }

    /// <summary>
    /// Shortens the paths in a sentence. If a path begins with the model repository, the data folder, the temporary folder or the
    /// program's folder, that beginning is removed; so is the name of any staging folder in the path. So
    /// <c>/srv/onnx/lenet5/1/model.onnx</c> becomes <c>lenet5/1/model.onnx</c>. A path that is exactly one of these four folders becomes
    /// its description, such as "the model repository".
    /// </summary>
    public string RemoveFrom(string sentence)
    {
        foreach (var (pattern, name) in folders)
        {
            sentence = pattern.Replace(sentence, match => match.Groups["whole"].Success ? name : "");
        }

        return Staging().Replace(sentence, "");
    }

    // Matches the folder with the separator after it if the path goes on, and otherwise the folder as a whole. Does not match a folder
    // whose name only begins or ends in the same way.
    private static Regex PatternOf(string folder) =>
        new(
            @$"(?<![\w.~-]){Regex.Escape(folder)}(?:[/\\]+(?=[^\s'""/\\,;:)])|(?<whole>[/\\]*(?![\w~-]|\.\w)))",
            RegexOptions.CultureInvariant);

    private static string WithoutLinks(string folder)
    {
        try
        {
            // .NET resolves a link only in the last part of a path, so the loop resolves one part after the other.
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
