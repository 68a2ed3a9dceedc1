using System.Diagnostics;
using System.Globalization;
using Fovea.Api.Tests.FineTuning;

namespace Fovea.Benchmarks.FineTuning;

/// <summary>
/// The jobs per second that workers take from the queue of one PostgreSQL server, and the statements that the server executes for each
/// job. The workers have eight places for jobs together. So that the queue is measured and not training, the images of the jobs are deleted
/// after the jobs were created: each job is taken, leased, begun, and fails at once.
/// </summary>
internal static class QueueBenchmark
{
    private const int Places = 8;

    /// <summary>Measures, and prints a line for each number of workers.</summary>
    /// <param name="count">The jobs of each measurement. Before it, a fifth of this number is run once, while the workers compile.</param>
    /// <param name="workers">The numbers of workers, each a divisor of eight.</param>
    /// <returns>The exit code: 0 if all jobs ended once, otherwise 1.</returns>
    public static async Task<int> Run(int count, IReadOnlyList<int> workers)
    {
        if (workers.Where(number => number < 1 || Places % number != 0).ToArray() is [var refused, ..])
        {
            Console.Error.WriteLine($"The number of workers is {refused}; expected a divisor of {Places}, the number of places.");
            return 1;
        }

        Console.WriteLine($"{count} jobs on one PostgreSQL server, on {Environment.ProcessorCount} processors");
        Console.WriteLine("workers  places each  seconds  jobs/s  statements a job  wrong");
        bool isGood = true;
        using var postgres = new Postgres("-c shared_preload_libraries=pg_stat_statements -c pg_stat_statements.max=10000");
        using var jobs = new EmptyJobs(postgres.Connection());
        await jobs.Create(count);
        foreach (int number in workers)
        {
            await jobs.Reset();
            await jobs.StartWorkers(number, Places / number);
            await jobs.Run(count / 5);
            await jobs.Reset();
            long start = Stopwatch.GetTimestamp();
            await jobs.Run(count);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var (statements, wrong) = (await jobs.Statements(), await jobs.Wrong());
            jobs.StopWorkers();
            isGood &= wrong == 0;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{number,7}  {Places / number,11}  {seconds,7:F1}  {count / seconds,6:F1}  {statements / count,16:F1}  {wrong,5}"));
        }

        return isGood ? 0 : 1;
    }
}
