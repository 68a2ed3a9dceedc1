using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Fovea.Benchmarks.Gpu;

/// <summary>Runs a part of the checks in a process of its own. The process prints each row as a line of JSON.</summary>
internal static class CheckProcess
{
    private const string Mark = "row ";

    /// <summary>Prints a row in that process.</summary>
    public static void Print(CheckRow row) => Console.WriteLine(Mark + JsonSerializer.Serialize(row));

    /// <summary>
    /// Starts the process and returns its rows while they come. A process that fails or takes longer than the limit gives a failed row.
    /// </summary>
    public static IEnumerable<CheckRow> Rows(string part, string device, TimeSpan limit)
    {
        using var process = Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "Fovea.Benchmarks.dll"), "gpu-part", part, device]);
        using var rows = new BlockingCollection<CheckRow>();
        var last = new ConcurrentQueue<string>();
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var end = Task.Run(() =>
        {
            bool inTime = process.WaitForExit(limit);
            if (!inTime)
            {
                process.Kill(entireProcessTree: true);
            }

            process.WaitForExit();
            rows.CompleteAdding();
            return inTime;
        });
        foreach (var row in rows.GetConsumingEnumerable())
        {
            yield return row;
        }

        if (!end.Result)
        {
            yield return new(part, $"stopped after {limit.TotalSeconds:F0} s", false);
        }
        else if (process.ExitCode != 0)
        {
            yield return new(part, $"ended with {process.ExitCode}: {string.Join(" | ", last)}", false);
        }

        void Read(string? line)
        {
            if (line?.StartsWith(Mark, StringComparison.Ordinal) == true)
            {
                rows.Add(JsonSerializer.Deserialize<CheckRow>(line[Mark.Length..])!);
            }
            else if (!string.IsNullOrWhiteSpace(line))
            {
                last.Enqueue(line.Trim());
                _ = last.Count > 8 && last.TryDequeue(out _);
            }
        }
    }

    /// <summary>Runs a program to its end. Returns its exit code, its standard output, and its standard error.</summary>
    public static (int ExitCode, string Output, string Error) Run(
        string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        using var process = Start(program, arguments, environment);
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    /// <summary>Runs our command line, and returns what it prints.</summary>
    /// <exception cref="InvalidOperationException">The command failed; the message contains the command's own.</exception>
    public static string Fovea(params string[] arguments)
    {
        var (code, output, error) = Run("dotnet", [Path.Combine(AppContext.BaseDirectory, "Fovea.Training.dll"), .. arguments]);
        return code == 0 ? output : throw new InvalidOperationException(
            $"fovea {string.Join(' ', arguments)}: {(error + output).Trim().Split('\n')[^1]}");
    }

    private static Process Start(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
