using System.Diagnostics;
using System.Globalization;
using Fovea.Api.Tests.FineTuning;

namespace Fovea.Benchmarks.FineTuning;

/// <summary>
/// The jobs per second that workers take from the queue of one PostgreSQL server. So that the queue is measured and not
/// training, the images of the jobs are deleted after the jobs were created: each job is taken, leased, begun, and fails at once.
/// </summary>
internal static class QueueBenchmark
{
    /// <summary>Measures, and prints a line for each number of workers.</summary>
    /// <param name="count">The jobs of each measurement.</param>
    /// <param name="workers">The numbers of workers, each measured with a fresh database.</param>
    /// <returns>The exit code: 0 if all jobs ended once, otherwise 1.</returns>
    public static async Task<int> Run(int count, IReadOnlyList<int> workers)
    {
        Console.WriteLine($"{count} jobs on one PostgreSQL server, on {Environment.ProcessorCount} processors");
        Console.WriteLine("workers  seconds  jobs/s  wrong");
        bool isGood = true;
        foreach (int number in workers)
        {
            using var postgres = new Postgres();
            using var jobs = new EmptyJobs(postgres.Connection());
            await jobs.Create(count);
            await jobs.StartWorkers(number);
            long start = Stopwatch.GetTimestamp();
            await jobs.Release();
            while (await jobs.Unfinished() > 0)
            {
                await Task.Delay(100);
            }

            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            int wrong = await jobs.Wrong();
            isGood &= wrong == 0;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{number,7}  {seconds,7:F1}  {count / seconds,6:F1}  {wrong,5}"));
        }

        return isGood ? 0 : 1;
    }
}
