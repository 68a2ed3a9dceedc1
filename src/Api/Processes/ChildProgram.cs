using System.Diagnostics;
using System.Runtime.InteropServices;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Api.Processes;

/// <summary>Starts this program, or another program in the same folder, as a child process.</summary>
internal static class ChildProgram
{
    /// <summary>
    /// Returns the parameters for starting an assembly. Its three standard streams are pipes. It does not get the environment variables of
    /// Fovea's settings, which may contain secrets.
    /// </summary>
    /// <param name="assembly">The path of the assembly.</param>
    /// <param name="arguments">The arguments of its command line.</param>
    public static ProcessStartInfo Of(string assembly, IEnumerable<string> arguments)
    {
        // This program may have been started by the dotnet command, by its own executable, or by a test. So the dotnet command is looked
        // for near the folder of the running .NET runtime. Without a dotnet command, the assembly's own executable is started.
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
    /// <param name="start">The parameters from <see cref="Of"/>.</param>
    /// <param name="nice">The nice value of the process's threads, 1 to 19.</param>
    public static Task<Process> Start(ProcessStartInfo start, int nice) => ThreadRank.Run(nice, () => Process.Start(start)!);
}
