using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.WebPage;

/// <summary>Runs a script in Node that drives Debian's chromium over the page.</summary>
internal static class BrowserWalk
{
    private static readonly NodeFolder Walks = new(Path.Combine("WebPage", "browser"));

    /// <summary>Runs a walk to its end, and fails the test with the walk's own words if it fails.</summary>
    /// <param name="name">The script's name without its ending.</param>
    /// <param name="arguments">The script's arguments.</param>
    /// <param name="onLine">Receives each line that the script prints; null: nobody does.</param>
    /// <returns>The output.</returns>
    public static Task<string> Run(string name, string[] arguments, Func<string, Task>? onLine = null) =>
        Walks.Run(name, arguments, onLine);
}
