using System.Diagnostics;
using System.Text;

namespace Fovea.Api.Tests.Hosting;

/// <summary>Runs scripts in Node. The packages that they need are installed once, beside the test program.</summary>
/// <param name="folder">The folder of the scripts and of their package.json, below the test program's.</param>
internal sealed class NodeFolder(string folder)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(8);

    private readonly string path = Path.Combine(AppContext.BaseDirectory, folder);
    private readonly Lock gate = new();
    private Task? packages;

    /// <summary>Runs a script to its end, and fails the test with the script's own words if it fails.</summary>
    /// <param name="name">The script's name without its ending.</param>
    /// <param name="arguments">The script's arguments.</param>
    /// <param name="onLine">Receives each line that the script prints; null: nobody does.</param>
    /// <returns>The output.</returns>
    public async Task<string> Run(string name, string[] arguments, Func<string, Task>? onLine = null)
    {
        lock (gate)
        {
            packages ??= Install();
        }

        await packages;
        var (code, output) = await Start("node", [$"{name}.mjs", .. arguments], onLine);
        Assert.True(code == 0, $"The script {name} ended with {code}:\n{output}");
        return output;
    }

    private async Task Install()
    {
        var (code, output) = await Start("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        Assert.True(code == 0, $"npm ci ended with {code}:\n{output}");
    }

    private async Task<(int Code, string Output)> Start(string program, string[] arguments, Func<string, Task>? onLine = null)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = path,
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
