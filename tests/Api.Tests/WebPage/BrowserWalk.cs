using System.Diagnostics;
using System.Text;

namespace Fovea.Api.Tests.WebPage;

/// <summary>
/// Runs a script in Node that drives Debian's chromium over the page. The packages that the scripts need are installed once, beside the
/// test program.
/// </summary>
internal static class BrowserWalk
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "WebPage", "browser");
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(8);
    private static readonly Lazy<Task> Packages = new(Install);

    /// <summary>Runs a walk to its end, and fails the test with the walk's own words if it fails.</summary>
    /// <param name="name">The script's name without its ending.</param>
    /// <param name="arguments">The script's arguments.</param>
    /// <param name="onLine">Receives each line that the script prints; null: nobody does.</param>
    /// <returns>The output.</returns>
    public static async Task<string> Run(string name, string[] arguments, Func<string, Task>? onLine = null)
    {
        await Packages.Value;
        var (code, output) = await Start("node", [$"{name}.mjs", .. arguments], onLine);
        Assert.True(code == 0, $"The walk {name} ended with {code}:\n{output}");
        return output;
    }

    private static async Task Install()
    {
        var (code, output) = await Start("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        Assert.True(code == 0, $"npm ci ended with {code}:\n{output}");
    }

    private static async Task<(int Code, string Output)> Start(string program, string[] arguments, Func<string, Task>? onLine = null)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Longest);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            var output = new StringBuilder();
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                output.AppendLine(line);
                await (onLine?.Invoke(line) ?? Task.CompletedTask);
            }

            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, $"{output}{await errors}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
