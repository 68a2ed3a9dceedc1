using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.Documentation;

/// <summary>Checks of the pages apart from their commands: links, languages and lengths.</summary>
public sealed class DocumentTests
{
    private const int MostWords = 1_200;

    // The blocks that no test runs, with their reasons. For a new one, raise the count here; better, write the block so that it can be run.
    private static readonly Dictionary<string, int> NotRun = new()
    {
        ["README.md"] = 1, // the tests themselves
        ["CONTRIBUTING.md"] = 7, // builds, tests, the debugger, screenshots
        ["docs/benchmarks.md"] = 1, // takes hours
        ["docs/bring-a-model.md"] = 1, // a download
        ["docs/command-line.md"] = 1, // a download
        ["docs/http.md"] = 3, // generators of clients, from the package registry; grpcurl
        ["docs/kubernetes.md"] = 4, // a cluster
        ["docs/licences.md"] = 2, // the test that makes the list, and a tool from the package registry
        ["docs/scaling.md"] = 1, // takes minutes
        ["docs/packages.md"] = 2, // packs, installs a tool
        ["docs/operations.md"] = 9, // Docker, publishing, a GPU, certificates, backups, the system's log
    };

    public static TheoryData<string> Pages => new(DocumentPage.All.Select(page => page.Name));

    [Theory, MemberData(nameof(Pages))]
    public void Links_lead_to_files_of_the_repository(string name)
    {
        var page = DocumentPage.Find(name);
        var folder = Path.GetDirectoryName(Path.Combine(DocumentPage.Root, name))!;
        Assert.DoesNotContain(page.LocalLinks, target => !Path.Exists(Path.Combine(folder, target)));
    }

    [Theory, MemberData(nameof(Pages))]
    public void Blocks_that_are_not_run_are_counted(string name) =>
        Assert.Equal(NotRun.GetValueOrDefault(name), DocumentPage.Find(name).Blocks.Count(block => block.IsNotRun));

    [Theory, MemberData(nameof(Pages))]
    public void Blocks_have_a_language_that_is_known(string name) => Assert.DoesNotContain(
        DocumentPage.Find(name).Blocks,
        block => !block.IsRun && !block.IsNotRun && block.Info is not ("json" or "csharp" or "text" or "nginx" or "yaml"));

    [Fact]
    public void README_can_be_read_in_some_minutes()
    {
        string[] words = DocumentPage.Find("README.md").Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        Assert.InRange(words.Length, 1, MostWords);
    }

    [Fact]
    public void README_leads_to_every_page()
    {
        var linked = DocumentPage.Find("README.md").LocalLinks.ToHashSet();
        var pages = DocumentPage.All.Select(page => page.Name).Where(name => Path.GetDirectoryName(name) == "docs");
        Assert.All(pages, page => Assert.Contains(page, linked));
    }
}
