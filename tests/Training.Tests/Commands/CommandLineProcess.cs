using System.Diagnostics;

namespace Fovea.Training.Tests;

/// <summary>The command line as a person starts it: a process of its own.</summary>
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

    /// <summary>Starts a command; its three streams are open to the caller, and it ends with what is returned, if it has not before.</summary>
    public static Process Start(params string[] arguments)
    {
        // What a shell runs in the background ignores interrupts, and so would this by inheritance.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Path.Combine(AppContext.BaseDirectory, "Fovea.Training.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = new Owned { StartInfo = start };
        process.Start();
        return process;
    }

    // A test that fails would leave it training.
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
