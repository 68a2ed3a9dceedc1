using System.Security.Cryptography;

namespace Fovea.Client.Tests.Packages;

/// <summary>Builds of the same sources in different folders.</summary>
[Trait("Needs", "packages")]
public sealed class ReproducibleBuildTests
{
    private static readonly string[] Projects = ["Api", "Client"];

    [Fact]
    public async Task Two_builds_in_two_folders_give_the_same_bytes()
    {
        using TemporaryFolder one = new(), other = new();
        var (first, second) = (await Build(one["a"]), await Build(other[Path.Combine("a, longer=", "folder")]));
        Assert.All(["Models", "Training", "Api", "Client"], name => Assert.Contains($"Fovea.{name}.dll", first.Keys));
        Assert.Equal(first, second);
    }

    // Builds the programs and libraries in a copy of the sources. Returns the hashes of their assemblies and symbols by their names.
    private static async Task<SortedDictionary<string, string>> Build(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(RepositoryRoot.PathOf()))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        Repository.Copy("src", Path.Combine(folder, "src"));
        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var project in Projects)
        {
            await Command.Run(folder, "dotnet", "build", Path.Combine("src", project), "-c", "Release", "-v", "q", "-p:RunAnalyzers=false");
            foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, "src", project, "bin", "Release", "net10.0"), "Fovea.*")
                .Where(file => Path.GetExtension(file) is ".dll" or ".pdb"))
            {
                hashes[Path.GetFileName(file)] = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(file)));
            }
        }

        return hashes;
    }
}
