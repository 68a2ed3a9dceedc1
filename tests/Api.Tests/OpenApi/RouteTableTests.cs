using System.Text.RegularExpressions;
using Fovea.Api.Tests.Documentation;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.OpenApi;

/// <summary>Compares the table of routes in docs/http.md with the OpenAPI document.</summary>
public sealed partial class RouteTableTests(SharedService shared)
{
    // A row that ends in these points stands for all routes below it.
    private const string Wildcard = "/...";

    [Fact]
    public async Task Table_of_routes_has_each_route_and_no_other()
    {
        var paths = (await shared.Running.Get("/swagger/v1/swagger.json")).GetProperty("paths");
        string[] served =
        [
            "GET /metrics",
            .. paths.EnumerateObject()
                .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}")),
        ];
        var listed = Listed([.. served.Select(route => route.Split(' ')[1])]);
        var whole = listed.Where(route => route.EndsWith(Wildcard, StringComparison.Ordinal)).Select(route => route[..^Wildcard.Length]);
        Assert.Equal(
            served.Where(route => !whole.Any(root => IsBelow(route.Split(' ')[1], root))).Order(StringComparer.Ordinal),
            listed.Where(route => route.Contains(' ')).Order(StringComparer.Ordinal));
        Assert.All(whole, root => Assert.Contains(served, route => IsBelow(route.Split(' ')[1], root)));
    }

    private static bool IsBelow(string path, string root) => path == root || path.StartsWith($"{root}/", StringComparison.Ordinal);

    // A cell lists methods and paths: `GET /models/{model}/a`, `/b`, `GET` and `DELETE /c`. A path without a method has the methods of the
    // path before it. A short path such as `/b` replaces the last part of the path before it: here it is /models/{model}/b.
    private static List<string> Listed(HashSet<string> known)
    {
        var routes = new List<string>();
        var section = DocumentPage.Find("docs/http.md").Text.Split("## Routes")[1].Split("\n## ")[0];
        foreach (var cell in Row().Matches(section).Select(row => row.Groups["cell"].Value))
        {
            List<string> methods = [];
            var (last, isOpen) = ("", false);
            foreach (var span in Span().Matches(cell).Select(match => match.Groups["text"].Value))
            {
                string[] words = span.Split(' ');
                if (!words[0].StartsWith('/'))
                {
                    methods = isOpen ? [.. methods, words[0]] : [words[0]];
                    isOpen = words.Length == 1;
                }

                if (words[^1].StartsWith('/'))
                {
                    var path = words[^1].Split('?')[0];
                    last = known.Contains(path) || last.Length == 0 ? path : $"{last[..last.LastIndexOf('/')]}{path}";
                    routes.AddRange(methods is [] ? [last] : methods.Select(method => $"{method} {last}"));
                    isOpen = false;
                }
            }
        }

        return routes;
    }

    [GeneratedRegex(@"^\| (?<cell>`.*?) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Span();
}
