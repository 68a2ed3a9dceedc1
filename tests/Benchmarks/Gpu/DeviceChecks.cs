using System.Diagnostics;
using System.Globalization;
using Fovea.Models.Runtime;

namespace Fovea.Benchmarks.Gpu;

/// <summary>
/// Checks all that runs on a GPU, in at most eight minutes, and prints a table. Each part is a process of its own, so that a part that
/// fails or crashes does not end the others. With the device cpu, the same code runs where there is no GPU, with less work.
/// </summary>
internal static class DeviceChecks
{
    // The parts with the largest number of seconds that each may take.
    private static readonly (string Name, int Seconds, Func<DeviceChoice, IEnumerable<CheckRow>> Run)[] Parts =
    [
        ("device", 30, DeviceFacts.Rows),
        ("missing library", 60, MissingLibrary.Rows),
        ("tests", 150, DeviceTestRuns.Rows),
        ("whole-network gradients", 60, NetworkGradients.Rows),
        ("serving", 120, BatchSpeeds.Rows),
        ("service", 60, ServiceSpeed.Rows),
        ("memory", 60, UnloadedMemory.Rows),
        ("training steps", 120, StepSpeeds.Rows),
        ("LeNet-5", 120, DigitAccuracy.Rows),
    ];

    private static readonly TimeSpan All = TimeSpan.FromMinutes(8);

    /// <summary>Runs all parts, or those whose names are given, and prints the table and the counts.</summary>
    /// <returns>0 if no check failed.</returns>
    public static int Run(string[] arguments)
    {
        if (arguments is not ["--device", "cpu" or "cuda", .. var names] || names.Except(Parts.Select(part => part.Name)).Any())
        {
            Console.Error.WriteLine(
                $"The arguments are {string.Join(' ', arguments)}; expected --device cuda or --device cpu, and perhaps some of: "
                + $"{string.Join(", ", Parts.Select(part => part.Name))}.");
            return 2;
        }

        var counts = new Dictionary<string, int> { ["passed"] = 0, ["failed"] = 0, ["not made"] = 0 };
        long start = Stopwatch.GetTimestamp();
        foreach (var (name, seconds, _) in Parts.Where(part => names.Length == 0 || names.Contains(part.Name)))
        {
            long begun = Stopwatch.GetTimestamp();
            Console.WriteLine($"== {name}");
            var left = All - Stopwatch.GetElapsedTime(start);
            var limit = left < TimeSpan.FromSeconds(seconds) ? left : TimeSpan.FromSeconds(seconds);
            IEnumerable<CheckRow> rows = limit > TimeSpan.FromSeconds(5)
                ? CheckProcess.Rows(name, arguments[1], limit)
                : [new(name, "the eight minutes are over", null)];
            foreach (var row in rows)
            {
                Console.WriteLine(row);
                counts[row.Passed is { } passed ? passed ? "passed" : "failed" : "not made"]++;
            }

            Console.WriteLine(Invariant($"   {Stopwatch.GetElapsedTime(begun).TotalSeconds:F0} s"));
        }

        Console.WriteLine(Invariant(
            $"{counts["passed"]} passed, {counts["failed"]} failed, {counts["not made"]} not made, on {arguments[1]}, in ")
            + Invariant($"{Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s"));
        return counts["failed"] == 0 ? 0 : 1;
    }

    /// <summary>Runs one part in this process, and prints its rows for <see cref="CheckProcess"/>.</summary>
    public static int RunPart(string name, string device)
    {
        foreach (var row in Parts.Single(part => part.Name == name).Run(Enum.Parse<DeviceChoice>(device, ignoreCase: true)))
        {
            CheckProcess.Print(row);
        }

        return 0;
    }

    /// <summary>The device of the checks, without TF32, so that its numbers can be compared with the CPU's.</summary>
    public static Device Exact(DeviceChoice device) => Device.Choose(new() { Device = device, CudaTf32 = false });

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
