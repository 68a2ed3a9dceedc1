using System.Diagnostics;

namespace Fovea.Api.Tests.OpenApi;

/// <summary>
/// A program in a temporary folder, with a client that a generator makes from the service's OpenAPI document. It needs nothing but the SDK
/// and the package registry: the generators are .NET tools, whose versions are in clients/dotnet-tools.json.
/// </summary>
internal sealed class GeneratedClient : IDisposable
{
    private static readonly string Programs = Path.Combine(AppContext.BaseDirectory, "OpenApi", "clients");
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(8);

    private readonly TemporaryFolder folder = new();

    /// <summary>Copies a program and the list of tools.</summary>
    /// <param name="program">The name of the program's folder.</param>
    public GeneratedClient(string program)
    {
        foreach (var file in Directory.GetFiles(Path.Combine(Programs, program)).Append(Path.Combine(Programs, "dotnet-tools.json")))
        {
            File.Copy(file, folder[Path.GetFileName(file)]);
        }

        // Settings of a folder above must not reach the program.
        File.WriteAllText(folder["Directory.Build.props"], "<Project />");
        File.WriteAllText(folder["Directory.Packages.props"], "<Project />");
    }

    /// <summary>Returns the path of a file of the program.</summary>
    public string this[string name] => folder[name];

    /// <summary>Writes a file beside the program, and returns its path.</summary>
    public async Task<string> Write(string name, byte[] bytes)
    {
        await File.WriteAllBytesAsync(folder[name], bytes, TestContext.Current.CancellationToken);
        return folder[name];
    }

    /// <summary>Runs the dotnet command in the folder, and fails the test with the command's own words if it fails.</summary>
    /// <returns>The output.</returns>
    public async Task<string> Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                // No process of the build outlives the test, and Kiota does not look for a newer version of itself.
                ["MSBUILDDISABLENODEREUSE"] = "1",
                ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
                ["UseSharedCompilation"] = "false",
                ["KIOTA_OFFLINE_ENABLED"] = "true",
                ["KIOTA_CLI_TELEMETRY_OPTOUT"] = "1",
                ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
                ["DOTNET_NOLOGO"] = "1",
            },
        })!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Longest);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            Assert.True(
                process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output}{await errors}");
            return output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    public void Dispose() => folder.Dispose();
}
