using System.Text.RegularExpressions;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.Documentation;

/// <summary>A page of the repository in Markdown.</summary>
/// <param name="Name">The path from the repository's root, with slashes.</param>
/// <param name="Text">The page.</param>
internal sealed partial record DocumentPage(string Name, string Text)
{
    /// <summary>The folder that holds Service.sln.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>README.md, the other pages beside it, and all pages in docs.</summary>
    public static DocumentPage[] All { get; } =
    [
        .. Directory.GetFiles(Root, "*.md").Concat(Directory.GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal)
            .Select(file => new DocumentPage(Path.GetRelativePath(Root, file).Replace('\\', '/'), File.ReadAllText(file))),
    ];

    /// <summary>Finds a page by its name.</summary>
    public static DocumentPage Find(string name) => All.Single(page => page.Name == name);

    /// <summary>The blocks of code, in their order.</summary>
    public IReadOnlyList<DocumentBlock> Blocks =>
    [
        .. Fence().Matches(Text).Select(match => match.Groups)
            .Select(found => new DocumentBlock(LineOf(found["text"].Index), found["info"].Value, found["text"].Value)),
    ];

    /// <summary>The targets of all links and pictures that lie in the repository, without the part after #.</summary>
    public IEnumerable<string> LocalLinks => Link().Matches(Fence().Replace(Text, "")).Select(match => match.Groups["target"].Value)
        .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#'))
        .Select(target => target.Split('#')[0]);

    private static string FindRoot(string folder) =>
        File.Exists(Path.Combine(folder, "Service.sln")) ? folder : FindRoot(Path.GetDirectoryName(folder)!);

    private int LineOf(int index) => Text.AsSpan(0, index).Count('\n') + 1;

    [GeneratedRegex(@"^ *```(?<info>[^\n]*)\n(?<text>.*?)^ *```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)|(?:src|href)=""(?<target>[^""]+)""")]
    private static partial Regex Link();
}
