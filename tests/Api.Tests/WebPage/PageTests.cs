using System.Text.Json;
using System.Text.RegularExpressions;
using Fovea.Api.Tests.Documentation;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.WebPage;

public sealed partial class PageTests(SharedService shared)
{
    private const int MostBytes = 500_000;

    private static readonly string Root = Path.Combine(DocumentPage.Root, "src", "Api", "wwwroot");

    public static TheoryData<string> Files => new(
        Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Root, file)));

    [Fact]
    public async Task Browsers_get_the_page_with_a_strict_policy()
    {
        using var answer = await Get("/", "text/html,application/xhtml+xml,*/*;q=0.8");
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("<title>Fovea</title>", await Text(answer), StringComparison.Ordinal);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("Accept", answer.Headers.Vary.Single());
    }

    [Theory]
    [InlineData("*/*")]
    [InlineData("application/json")]
    [InlineData(null)]
    public async Task Other_clients_get_links_that_exist(string? accept)
    {
        using var answer = await Get("/", accept);
        var links = JsonDocument.Parse(await Text(answer)).RootElement.GetProperty("links");
        foreach (var link in links.EnumerateObject().Select(link => link.Value.GetString()!).Where(link => !link.Contains('{')))
        {
            // The routes of data sets and jobs exist, but need a key.
            using var found = await Get($"/{link}", null);
            Assert.True((int)found.StatusCode is 200 or 403, $"{link}: {found.StatusCode}");
        }
    }

    [Theory, MemberData(nameof(Files))]
    public async Task File_of_the_page_is_served_as_it_is_and_not_sent_twice(string file)
    {
        using var answer = await Get($"/{file.Replace('\\', '/')}", "*/*");
        Assert.Equal(
            await File.ReadAllBytesAsync(Path.Combine(Root, file), TestContext.Current.CancellationToken),
            await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        using var again = new HttpRequestMessage(HttpMethod.Get, answer.RequestMessage!.RequestUri);
        again.Headers.IfNoneMatch.Add(answer.Headers.ETag!);
        using var unchanged = await shared.Running.Client.SendAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(304, (int)unchanged.StatusCode);
    }

    [Fact]
    public void Whole_page_is_small()
    {
        var files = new DirectoryInfo(Root).EnumerateFiles("*", SearchOption.AllDirectories);
        Assert.InRange(files.Sum(file => file.Length), 1, MostBytes);
    }

    /// <summary>The page works behind a path prefix and a strict policy, and no name becomes markup.</summary>
    [Fact]
    public void Sources_have_no_absolute_address_no_inline_code_and_no_markup_from_text()
    {
        Assert.All(Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories), file =>
        {
            var text = File.ReadAllText(file).Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal);
            Assert.DoesNotMatch(Forbidden(), text);
            Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 140, $"{file}: {line}"));
        });
    }

    [GeneratedRegex(
        @"https?://|(src|href)=""/|\bstyle=""|\son\w+=""|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function")]
    private static partial Regex Forbidden();

    private static Task<string> Text(HttpResponseMessage answer) =>
        answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    private async Task<HttpResponseMessage> Get(string path, string? accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        return await shared.Running.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
