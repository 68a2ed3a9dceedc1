using System.Diagnostics;
using System.Runtime.InteropServices;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>Starts this program, or one that lies beside it, as a process of its own.</summary>
internal static class ChildProgram
{
    /// <summary>
    /// How an assembly is started: with pipes as its three streams, and without the settings of this process, which may hold secrets.
    /// </summary>
    public static ProcessStartInfo Of(string assembly, IEnumerable<string> arguments)
    {
        // This program was started by the dotnet command, by an executable of its own, or by a test.
        var extension = OperatingSystem.IsWindows() ? ".exe" : null;
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", $"dotnet{extension}"));
        string[] program = File.Exists(dotnet) ? [dotnet, assembly] : [Path.ChangeExtension(assembly, extension)];
        var start = new ProcessStartInfo(program[0], [.. program[1..], .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var secret in start.Environment.Keys.Where(name => name.StartsWith("Fovea", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(secret);
        }

        return start;
    }

    /// <summary>Starts a process with a lower priority.</summary>
    /// <param name="start">How it is started.</param>
    /// <param name="nice">The nice value of its threads, 1 to 19.</param>
    public static Task<Process> Start(ProcessStartInfo start, int nice) => ThreadRank.Run(nice, () => Process.Start(start)!);
}
