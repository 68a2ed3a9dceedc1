namespace Fovea;

/// <summary>The root folder of the repository, in whose subfolder the tests are built.</summary>
internal static class RepositoryRoot
{
    private static readonly string Folder = Find();

    /// <summary>Returns the path of a file or folder of the repository.</summary>
    /// <param name="names">The names below the root, one for each level.</param>
    public static string PathOf(params string[] names) => Path.Combine([Folder, .. names]);

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Service.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside of the repository.");
        }

        return folder.FullName;
    }
}
