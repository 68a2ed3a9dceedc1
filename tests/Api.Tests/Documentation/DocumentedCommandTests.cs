using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.Documentation;

/// <summary>
/// Runs the commands of the pages as a reader does: one after the other, in a fresh copy of the repository, beside the service.
/// </summary>
[Trait("Needs", "services")]
public sealed class DocumentedCommandTests
{
    public static TheoryData<string> Pages =>
        new(DocumentPage.All.Where(page => page.Blocks.Any(block => block.IsRun)).Select(page => page.Name));

    [Theory, MemberData(nameof(Pages))]
    public async Task Commands_of_a_page_run(string name)
    {
        using var copy = new RepositoryCopy();
        await copy.Start();
        var (code, output) = await copy.Run(DocumentPage.Find(name).Blocks.Where(block => block.IsRun));
        Assert.True(code == 0, $"{name} ended with {code}:\n{output}");
    }
}
