using Fovea.Api.Tests.Robustness.Stress;

namespace Fovea.Benchmarks.Serving;

/// <summary>The long form of the stress tests.</summary>
internal static class StressBenchmark
{
    /// <summary>
    /// Starts a service this number of times, changes a model's sessions twenty times as often, and then changes models for this time, all
    /// under load. The exit code is 1 if anything was wrong.
    /// </summary>
    public static async Task<int> Run(int minutes, int seed, int starts)
    {
        using var stress = new StressRun(seed, await File.ReadAllBytesAsync(BenchmarkModels.Digit));
        var started = await stress.Starts(starts);
        Console.WriteLine($"{starts} starts, seed {seed}: {started}");
        var replaced = await stress.SessionChanges(20 * starts);
        Console.WriteLine($"{20 * starts} changes of sessions, seed {seed}: {replaced}");
        var changed = await stress.Changes(TimeSpan.FromMinutes(minutes));
        Console.WriteLine($"{minutes} minutes of changes, seed {seed}: {changed}");
        return started.Faults.Count + replaced.Faults.Count + changed.Faults.Count == 0 ? 0 : 1;
    }
}
