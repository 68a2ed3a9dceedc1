using System.Diagnostics;
using System.Runtime.InteropServices;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Api.Processes;

/// <summary>Starts this program, or another one in its folder, as a child process.</summary>
internal static class ChildProgram
{
    /// <summary>
    /// Describes the start of an assembly: with pipes as its three standard streams, and without the environment variables of Fovea's
    /// settings, which may hold secrets.
    /// </summary>
    public static ProcessStartInfo Of(string assembly, IEnumerable<string> arguments)
    {
        // This program may have been started by the dotnet command, by its own executable, or by a test. dotnet is found from the runtime's
        // folder; without dotnet the assembly's own executable is started.
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
    /// <param name="start">The start of the process, from <see cref="Of"/>.</param>
    /// <param name="nice">The nice value of its threads, 1 to 19.</param>
    public static Task<Process> Start(ProcessStartInfo start, int nice) => ThreadRank.Run(nice, () => Process.Start(start)!);
}
