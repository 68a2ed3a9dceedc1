using System.Diagnostics;

namespace Fovea.Training.Tests.Commands;

/// <summary>Runs the command line as a separate process.</summary>
internal static class CommandLineProcess
{
    /// <summary>Runs a command to its end.</summary>
    public static (int ExitCode, string Output, string Error) Run(params string[] arguments)
    {
        using var process = Start(arguments);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    /// <summary>
    /// Starts a command whose three streams are pipes to the caller. Disposing of the result kills the process if it still runs.
    /// </summary>
    public static Process Start(params string[] arguments)
    {
        // A shell makes its background processes ignore interrupts, and this process would inherit that.
        var start = new ProcessStartInfo(
            "env", ["--default-signal=INT", "dotnet", Path.Combine(AppContext.BaseDirectory, "Fovea.Training.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = new Owned { StartInfo = start };
        process.Start();
        return process;
    }

    // Without this, a failed test would leave the process training.
    private sealed class Owned : Process
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing && !HasExited)
            {
                Kill(entireProcessTree: true);
            }

            base.Dispose(disposing);
        }
    }
}
