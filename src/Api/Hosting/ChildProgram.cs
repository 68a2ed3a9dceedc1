using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Fovea.Api;

/// <summary>How a program that lies beside this one, or is this one, is started as a process of its own.</summary>
internal static class ChildProgram
{
    /// <summary>A start of an assembly with its three streams in our hands, and without our secrets.</summary>
    public static ProcessStartInfo Of(string assembly, IEnumerable<string> arguments)
    {
        // This program may have been started by the dotnet command, by an executable of its own, or by a test.
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        string[] program = File.Exists(dotnet) ? [dotnet, assembly] : [Path.ChangeExtension(assembly, OperatingSystem.IsWindows() ? ".exe" : null)];
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
}
