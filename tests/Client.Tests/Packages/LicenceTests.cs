using System.Globalization;
using System.Text;

namespace Fovea.Client.Tests.Packages;

/// <summary>The list of packages in docs/licences.md.</summary>
public sealed class LicenceTests
{
    private const string Start = "<!-- packages -->\n", End = "<!-- /packages -->\n";

    // Licences under which a program of any licence may ship the package, on conditions that docs/licences.md names.
    private static readonly string[] Accepted = ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "PostgreSQL", "LGPL-3.0-or-later"];

    /// <summary>
    /// A new package or version shows in review. The test leaves the page with the present list beside its program, for copying.
    /// </summary>
    [Fact]
    public async Task Page_lists_the_packages_of_all_that_is_shipped()
    {
        var page = await File.ReadAllTextAsync(RepositoryRoot.PathOf("docs", "licences.md"), TestContext.Current.CancellationToken);
        int start = page.IndexOf(Start, StringComparison.Ordinal) + Start.Length, end = page.IndexOf(End, StringComparison.Ordinal);
        var now = $"{page[..start]}{Table()}{page[end..]}";
        var copy = Path.Combine(AppContext.BaseDirectory, "licences.md");
        await File.WriteAllTextAsync(copy, now, TestContext.Current.CancellationToken);
        Assert.True(now == page, $"The packages have changed. If that is meant, copy {copy} to docs.");
    }

    [Fact]
    public void Licences_are_accepted_ones() =>
        Assert.All(ShippedPackages.All.Values.SelectMany(packages => packages), package => Assert.Contains(package.Licence, Accepted));

    private static string Table()
    {
        var text = new StringBuilder("| package | version | licence | in |\n|---|---|---|---|\n");
        var users = ShippedPackages.All.SelectMany(shipped => shipped.Value.Select(package => (package, shipped.Key)))
            .GroupBy(pair => pair.package, pair => pair.Key)
            .OrderBy(group => group.Key.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var user in users)
        {
            var (name, version, licence) = user.Key;
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {version} | {licence} | {string.Join(", ", user)} |\n");
        }

        return text.ToString();
    }
}
