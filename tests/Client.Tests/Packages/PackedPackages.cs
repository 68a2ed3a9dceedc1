using System.IO.Compression;

namespace Fovea.Client.Tests.Packages;

/// <summary>
/// The packages of this repository, packed once into a temporary folder, and a configuration of NuGet that takes them from there, and
/// everything else from the machine's sources.
/// </summary>
public sealed class PackedPackages : IAsyncLifetime
{
    private static readonly string[] Libraries = ["Fovea.Models", "Fovea.Training", "Fovea.Client"];

    private readonly TemporaryFolder folder = new();

    /// <summary>No release has this version, and no other run of the tests, so that no cache holds a package of that name.</summary>
    public static string Version { get; } = $"0.1.0-test.{Environment.ProcessId}";

    public async ValueTask InitializeAsync()
    {
        foreach (var (project, isTool) in new[] { ("Models", false), ("Training", false), ("Client", false), ("Training", true) })
        {
            string[] tool = isTool ? ["-p:Tool=true"] : [];
            var path = RepositoryRoot.PathOf("src", project);
            string[] pack = ["pack", path, "-c", "Release", "-v", "q", "-o", folder.Path, $"-p:PackageVersion={Version}", .. tool];
            await Command.Run(folder.Path, "dotnet", pack);
        }

        await File.WriteAllTextAsync(
            folder["NuGet.config"],
            $"""<configuration><packageSources><add key="packed" value="{folder.Path}" /></packageSources></configuration>""");
    }

    /// <summary>The path of a package; of its symbols with the extension snupkg.</summary>
    public string PathOf(string package, string extension = "nupkg") => folder[$"{package}.{Version}.{extension}"];

    /// <summary>Opens a package.</summary>
    public ZipArchive Open(string package, string extension = "nupkg") => ZipFile.OpenRead(PathOf(package, extension));

    /// <summary>Makes an empty folder in which commands of NuGet find the packages.</summary>
    public string EmptyFolder(string name) => Directory.CreateDirectory(folder[name]).FullName;

    /// <summary>Copies a sample into an empty folder, builds it with the packages, and returns the path of its program.</summary>
    public async Task<string> Build(string sample)
    {
        var copy = EmptyFolder(sample);
        Repository.Copy(Path.Combine("samples", sample), copy);
        await Command.Run(copy, "dotnet", "build", "-c", "Release", "-v", "q", "-o", "out", "-warnaserror", $"-p:FoveaVersion={Version}");
        return Path.Combine(copy, "out", $"{sample}.dll");
    }

    public ValueTask DisposeAsync()
    {
        // A build has unpacked the packages into the machine's cache.
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var unpacked = Libraries.Select(library => Path.Combine(cache, library.ToLowerInvariant(), Version));
        foreach (var copy in unpacked.Where(Directory.Exists))
        {
            Directory.Delete(copy, recursive: true);
        }

        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
