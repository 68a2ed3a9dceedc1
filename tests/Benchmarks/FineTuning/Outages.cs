using System.Globalization;
using Fovea.Api.Tests.FineTuning;

namespace Fovea.Benchmarks.FineTuning;

/// <summary>
/// Stops PostgreSQL at random moments of fine-tuning jobs, for 1, 8 and 60 s in turn. Two workers share the server. Each job must end with
/// the bytes of an undisturbed job, and with events in order and without duplicates.
/// </summary>
internal static class Outages
{
    private static readonly int[] Lengths = [1, 8, 60];

    /// <summary>Runs one undisturbed job, and then the disturbed jobs in turn. Prints a line for each.</summary>
    /// <param name="count">The number of outages; each job has one.</param>
    /// <param name="seed">The seed of the moments.</param>
    /// <returns>The exit code: 0 if all jobs ended correctly, otherwise 1.</returns>
    public static async Task<int> Run(int count, int seed)
    {
        using var postgres = new Postgres();
        using var jobs = new JobRuns(postgres.Connection());
        await jobs.Prepare();
        var alone = await jobs.Create("alone");
        var undisturbed = await jobs.End(alone, TimeSpan.FromMinutes(3));
        Console.WriteLine($"seed {seed}; an undisturbed job takes {Text(undisturbed.Seconds)} s and ends {undisturbed.Status}");
        Console.WriteLine(
            $"{"job",4} {"stopped after s",16} {"for s",6} {"ended",10} {"after s",8} {"trainings",10} {"takeovers",10} "
                + $"{"same bytes",11} {"events",7}");
        var random = new Random(seed);
        bool isGood = undisturbed.Status == "succeeded";
        for (int i = 0; i < count; i++)
        {
            var (length, moment) = (Lengths[i % Lengths.Length], random.NextDouble() * undisturbed.Seconds);
            var id = await jobs.Create($"cut-{i}");
            await Task.Delay(TimeSpan.FromSeconds(moment));
            postgres.Stop();
            await Task.Delay(TimeSpan.FromSeconds(length));
            postgres.Start();
            var run = await jobs.End(id, TimeSpan.FromMinutes(3));
            bool isSame = run.Status == "succeeded" && jobs.Model("alone").AsSpan().SequenceEqual(jobs.Model($"cut-{i}"));
            isGood &= isSame && run.IsOrderly;
            Console.WriteLine(
                $"{i + 1,4} {Text(moment),16} {length,6} {run.Status,10} {Text(run.Seconds),8} {run.Trainings,10} {run.Takeovers,10} "
                    + $"{(isSame ? "yes" : "NO"),11} {(run.IsOrderly ? "good" : "BAD"),7}");
        }

        return isGood ? 0 : 1;
    }

    private static string Text(double seconds) => seconds.ToString("F1", CultureInfo.InvariantCulture);
}
