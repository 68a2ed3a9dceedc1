using System.Diagnostics;
using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Api.Processes;
using Fovea.Models.Runtime;

namespace Fovea.Api.Workers;

/// <summary>
/// Runs commands of the training program, each in a process of its own with a low priority. The memory and the silence of the process are
/// limited, and it ends when this process ends.
/// </summary>
internal sealed class TrainingProcess(FineTuningSettings settings, TimeProvider time)
{
    /// <summary>The exit code of a command that has succeeded.</summary>
    public const int Done = 0;

    /// <summary>The exit code of a command whose input is bad; its standard error says why.</summary>
    public const int Refused = 1;

    /// <summary>A job fails after this many deaths of its process in a row, without a checkpoint in between.</summary>
    public const int MostDeaths = 3;

    private const int LongestError = 4_000;

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Fovea.Training.dll");
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1), LongestFarewell = TimeSpan.FromMinutes(2);

    /// <summary>Runs a command to its end.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="threads">The processors that it may use.</param>
    /// <param name="line">Receives each line that the command prints, in order.</param>
    /// <param name="pause">Asks the command to save a checkpoint and end; it is killed if that takes more than 2 minutes.</param>
    /// <param name="stop">Kills the command.</param>
    /// <returns>The exit code, and the beginning of what it wrote to standard error.</returns>
    /// <exception cref="ServiceException"><see cref="ServiceError.TrainingFailed"/>: it took too much memory, or was silent for too
    /// long.</exception>
    /// <exception cref="OperationCanceledException">The command was killed by <paramref name="stop"/>.</exception>
    public async Task<(int Code, string Errors)> Run(
        IReadOnlyList<string> arguments, int threads, Func<string, ValueTask> line, CancellationToken pause, CancellationToken stop)
    {
        using var process = await Start(arguments, threads);
        using var ended = new CancellationTokenSource();
        long lastSaid = time.GetTimestamp();
        var watching = Task.FromResult<string?>(null);
        try
        {
            var errors = ReadErrors(process);
            watching = Watch(process, () => time.GetElapsedTime(lastSaid), pause, ended.Token);
            using var killing = stop.Register(() => Kill(process));
            while (await process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } said)
            {
                lastSaid = time.GetTimestamp();
                stop.ThrowIfCancellationRequested();
                await line(said);
            }

            await process.WaitForExitAsync(CancellationToken.None);
            await ended.CancelAsync();
            var (reason, text) = (await watching, await errors);
            stop.ThrowIfCancellationRequested();
            return reason is null ? (process.ExitCode, text) : throw new ServiceException(ServiceError.TrainingFailed, reason);
        }
        finally
        {
            await ended.CancelAsync();
            Kill(process);
            await watching;
        }
    }

    /// <summary>The end of a sentence that says why a command ended, by its exit code and what it wrote to standard error.</summary>
    public static string Death(int code, string errors) => (code, errors.Split('\n')[0].Trim()) switch
    {
        // 128 plus the number of the signal, as in shells.
        (137, _) => "because it was killed: by hand, or by the system because memory ran out",
        (_, "") => $"with the exit code {code}",
        (_, var said) => $"with the exit code {code}: {said}",
    };

    // A process inherits the priority of the thread that starts it.
    private static Task<Process> Start(IReadOnlyList<string> arguments, int threads)
    {
        var start = ChildProgram.Of(Program, arguments);
        start.Environment["DOTNET_PROCESSOR_COUNT"] = $"{threads}";
        return ChildProgram.Start(start, ThreadRank.Lowest);
    }

    // Returns the reason why the process was killed; null: it ended by itself.
    private async Task<string?> Watch(Process process, Func<TimeSpan> silence, CancellationToken pause, CancellationToken ended)
    {
        long? farewell = null;
        using var looks = new PeriodicTimer(BetweenLooks, time);
        while (await NextLook(looks, ended))
        {
            if (Excess(ResidentBytes(process), silence()) is { } reason)
            {
                Kill(process);
                return reason;
            }

            if (pause.IsCancellationRequested && farewell is null)
            {
                farewell = time.GetTimestamp();
                process.StandardInput.Close();
            }
            else if (farewell is { } since && time.GetElapsedTime(since) > LongestFarewell)
            {
                Kill(process);
            }
        }

        return null;
    }

    // The reason to kill the process; null: none.
    private string? Excess(long resident, TimeSpan silence)
    {
        if (settings.TrainingMemoryBytes > 0 && resident > settings.TrainingMemoryBytes)
        {
            return $"Training has {resident:N0} bytes of memory; expected at most {settings.TrainingMemoryBytes:N0} "
                + "(Fovea:TrainingMemoryBytes). A smaller batch size, or the method head, takes less.";
        }

        return silence.TotalSeconds > settings.TrainingSilenceSeconds
            ? $"Training has said nothing for {settings.TrainingSilenceSeconds} seconds, the most allowed (Fovea:TrainingSilenceSeconds)."
            : null;
    }

    private static long ResidentBytes(Process process)
    {
        try
        {
            process.Refresh();
            return process.WorkingSet64;
        }
        catch (InvalidOperationException)
        {
            // The process has ended, perhaps only just now.
            return 0;
        }
    }

    private static async Task<bool> NextLook(PeriodicTimer looks, CancellationToken ended)
    {
        try
        {
            return await looks.WaitForNextTickAsync(ended);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    // The beginning of standard error: the sentence of the training program, or the exception that ended it.
    private static async Task<string> ReadErrors(Process process)
    {
        var kept = new System.Text.StringBuilder();
        var buffer = new char[1_024];
        for (int read; (read = await process.StandardError.ReadAsync(buffer)) > 0;)
        {
            kept.Append(buffer, 0, Math.Min(read, LongestError - kept.Length));
        }

        return kept.ToString().Trim();
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // The process has ended already.
        }
    }
}
