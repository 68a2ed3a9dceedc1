using System.Text.Json;
using System.Xml.Linq;

namespace Fovea.Client.Tests.Packages;

/// <summary>
/// The packages that are shipped: read from <c>project.assets.json</c>, which the restore of a project writes. Packages of which nothing is
/// left at run time, such as compilers of schema files and analyzers, are left out.
/// </summary>
internal static class ShippedPackages
{
    private const string Framework = "net10.0", Base = "Microsoft.ML.DnnImageFeaturizer.ResNet18";

    private static readonly string[] KindsOfFiles = ["runtime", "native", "runtimeTargets"];

    // The licence files of packages whose nuspec file has no SPDX expression, read by a person.
    private static readonly Dictionary<string, string> LicenceFiles = new()
    {
        ["Hangfire.AspNetCore"] = "LGPL-3.0-or-later",
        ["Hangfire.Core"] = "LGPL-3.0-or-later",
        ["Hangfire.InMemory"] = "LGPL-3.0-or-later",
        ["Hangfire.NetCore"] = "LGPL-3.0-or-later",
        ["Hangfire.PostgreSql"] = "LGPL-3.0-or-later",
        ["Microsoft.ML.OnnxRuntime"] = "MIT",
        ["Microsoft.ML.OnnxRuntime.Managed"] = "MIT",
    };

    /// <summary>The packages of each shipped thing, in the order of their names.</summary>
    public static IReadOnlyDictionary<string, ShippedPackage[]> All { get; } = new Dictionary<string, ShippedPackage[]>
    {
        ["service"] = Of("Api", withBase: true),
        ["tool"] = Of("Training", withBase: true),
        ["Fovea.Models"] = Of("Models", withBase: false),
        ["Fovea.Training"] = Of("Training", withBase: false),
        ["Fovea.Client"] = Of("Client", withBase: false),
    };

    private static ShippedPackage[] Of(string project, bool withBase)
    {
        var assets = JsonDocument.Parse(File.ReadAllBytes(RepositoryRoot.PathOf("src", project, "obj", "project.assets.json"))).RootElement;
        var cache = assets.GetProperty("packageFolders").EnumerateObject().First().Name;
        var target = assets.GetProperty("targets").GetProperty(Framework).EnumerateObject()
            .ToDictionary(entry => entry.Name.Split('/')[0], entry => (Version: entry.Name.Split('/')[1], entry.Value));
        var settings = assets.GetProperty("project").GetProperty("frameworks").GetProperty(Framework);
        var names = new HashSet<string>();
        var projects = target.Keys.Where(name => IsProject(target[name].Value));
        var next = new Queue<string>(Roots(settings).Concat(projects));
        while (next.TryDequeue(out var name))
        {
            // The framework has newer forms of some packages. Restore leaves those out.
            if (target.TryGetValue(name, out var entry) && names.Add(name)
                && entry.Value.TryGetProperty("dependencies", out var dependencies))
            {
                foreach (var dependency in dependencies.EnumerateObject())
                {
                    next.Enqueue(dependency.Name);
                }
            }
        }

        var packages = names.Where(name => !IsProject(target[name].Value) && HasFiles(target[name].Value))
            .Select(name => (name, target[name].Version))
            .Concat(withBase ? [(Base, BaseVersion())] : []);
        return
        [
            .. packages.Select(package => new ShippedPackage(package.name, package.Version, Licence(cache, package.name, package.Version)))
                .OrderBy(package => package.Name, StringComparer.OrdinalIgnoreCase),
        ];
    }

    // The packages that the project itself refers to. PrivateAssets="all" keeps a package to the build.
    private static IEnumerable<string> Roots(JsonElement settings) => settings.GetProperty("dependencies").EnumerateObject()
        .Where(entry => !entry.Value.TryGetProperty("suppressParent", out var kept) || kept.GetString() != "All")
        .Select(entry => entry.Name);

    private static bool IsProject(JsonElement entry) => entry.GetProperty("type").GetString() == "project";

    private static bool HasFiles(JsonElement entry) => KindsOfFiles.Any(kind =>
        entry.TryGetProperty(kind, out var files)
        && files.EnumerateObject().Any(file => !file.Name.EndsWith("/_._", StringComparison.Ordinal)));

    // The version of the package with the built-in base network. The build copies the network's file out of the package, but no project
    // depends on the package.
    private static string BaseVersion() => XDocument.Load(RepositoryRoot.PathOf("Directory.Packages.props"))
        .Descendants("BuiltInBaseVersion").Single().Value;

    private static string Licence(string cache, string name, string version)
    {
        var id = name.ToLowerInvariant();
        var specification = XDocument.Load(Path.Combine(cache, id, version, $"{id}.nuspec"));
        var licence = specification.Descendants().FirstOrDefault(element => element.Name.LocalName == "license");
        return licence?.Attribute("type")?.Value == "expression" ? licence.Value
            : LicenceFiles.TryGetValue(name, out var read) ? read
            : throw new KeyNotFoundException($"{name} {version} has no SPDX expression; expected a row in LicenceFiles.");
    }
}
