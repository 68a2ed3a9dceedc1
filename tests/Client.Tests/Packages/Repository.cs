namespace Fovea.Client.Tests.Packages;

/// <summary>The repository that the tests are built from.</summary>
internal static class Repository
{
    /// <summary>Copies a folder of the repository without what a build has put there.</summary>
    public static void Copy(string path, string to)
    {
        var from = RepositoryRoot.PathOf(path);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(from, file);
            if (!name.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            {
                var copy = Path.Combine(to, name);
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }
    }
}
