using System.Text.Json;

namespace Fovea.Client.Tests.Packages;

/// <summary>The software bills of materials that .ci/sbom writes.</summary>
[Trait("Needs", "packages")]
public sealed class SoftwareBillTests
{
    [Fact]
    public async Task Bills_name_each_shipped_package_with_its_version_and_licence()
    {
        using var folder = new TemporaryFolder();
        await Command.Run(folder.Path, RepositoryRoot.PathOf(".ci", "sbom"), folder.Path);
        foreach (var (shipped, packages) in ShippedPackages.All)
        {
            var text = await File.ReadAllBytesAsync(folder[$"{shipped}.cdx.json"], TestContext.Current.CancellationToken);
            var bill = JsonDocument.Parse(text).RootElement;
            Assert.Equal("CycloneDX", bill.GetProperty("bomFormat").GetString());
            var described = bill.GetProperty("metadata").GetProperty("component");
            Assert.Equal("0.1.0", described.GetProperty("version").GetString());
            var parts = described.TryGetProperty("components", out var own) ? own.EnumerateArray() : default;
            var components = bill.GetProperty("components").EnumerateArray().Concat(parts).ToArray();
            Assert.All(components, component => Assert.NotEmpty(component.GetProperty("licenses").EnumerateArray()));
            var named = components.Select(c => $"{c.GetProperty("name").GetString()} {c.GetProperty("version").GetString()}").ToHashSet();
            Assert.All(packages, package => Assert.Contains($"{package.Name} {package.Version}", named));
        }
    }
}
