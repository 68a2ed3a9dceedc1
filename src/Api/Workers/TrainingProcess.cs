using System.Diagnostics;
using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Api.Processes;
using Fovea.Models.Files;
using Fovea.Models.Runtime;

namespace Fovea.Api.Workers;

/// <summary>
/// Runs commands of the training program, each in a process of its own with low priority. A process that uses too much memory or prints
/// nothing for too long is killed. It also ends when the service's process ends.
/// </summary>
internal sealed class TrainingProcess(FineTuningSettings settings, TimeProvider time)
{
    /// <summary>The exit code of a successful command.</summary>
    public const int Done = 0;

    /// <summary>The exit code of a command that refuses its input; standard error has the reason.</summary>
    public const int Refused = 1;

    /// <summary>A job fails when its process has died this many times in a row without saving a checkpoint in between.</summary>
    public const int MostDeaths = 3;

    private const int LongestError = 4_000;

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Fovea.Training.dll");
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1), LongestFarewell = TimeSpan.FromMinutes(2);

    /// <summary>Runs a command to its end.</summary>
    /// <param name="arguments">The arguments of the command line.</param>
    /// <param name="folders">
    /// Folders that exist. While one is missing, its disk is gone; the command does not make it again, and leaves no file in it out.
    /// </param>
    /// <param name="threads">The number of processors that the command may use.</param>
    /// <param name="line">Receives each line that the command prints to standard output, in order.</param>
    /// <param name="pause">
    /// Asks the command to save a checkpoint and end. If that takes more than 2 minutes, the command is killed.
    /// </param>
    /// <param name="stop">Kills the command.</param>
    /// <returns>The exit code, and the first 4,000 characters of standard error.</returns>
    /// <exception cref="ServiceException"><see cref="ServiceError.TrainingFailed"/>: the command used too much memory, or printed nothing
    /// for too long.</exception>
    /// <exception cref="OperationCanceledException">The command was killed by <paramref name="stop"/>.</exception>
    public async Task<(int Code, string Errors)> Run(
        IReadOnlyList<string> arguments, IReadOnlyList<string> folders, int threads, Func<string, ValueTask> line,
        CancellationToken pause, CancellationToken stop)
    {
        using var process = await Start(arguments, folders, threads);
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

    /// <summary>Says why a command ended, as the end of a sentence such as "The training process ended ...".</summary>
    /// <param name="code">The command's exit code.</param>
    /// <param name="errors">The beginning of the command's standard error; its first line becomes part of the sentence.</param>
    public static string Death(int code, string errors) => (code, errors.Split('\n')[0].Trim()) switch
    {
        // 137 is 128 plus 9, the number of the signal KILL.
        (137, _) => "because it was killed: by hand, or by the system because memory ran out",
        (_, "") => $"with the exit code {code}",
        (_, var said) => $"with the exit code {code}: {said}",
    };

    // Starts the process with the lowest priority.
    private static Task<Process> Start(IReadOnlyList<string> arguments, IReadOnlyList<string> folders, int threads)
    {
        var start = ChildProgram.Of(Program, arguments);
        start.Environment[FixedFolders.Variable] = string.Join('\n', folders);
        start.Environment["DOTNET_PROCESSOR_COUNT"] = $"{threads}";
        return ChildProgram.Start(start, ThreadRank.Lowest);
    }

    // Watches the process until it ends. Returns the reason if the process was killed for using too much memory or for printing nothing;
    // otherwise null.
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

    // Returns the reason to kill the process; null if there is none.
    private string? Excess(long resident, TimeSpan silence)
    {
        if (settings.TrainingMemoryBytes > 0 && resident > settings.TrainingMemoryBytes)
        {
            return $"Training uses {resident:N0} bytes of memory; expected at most {settings.TrainingMemoryBytes:N0} "
                + "(Fovea:TrainingMemoryBytes). A smaller batch size or the method head needs less memory.";
        }

        return silence.TotalSeconds > settings.TrainingSilenceSeconds
            ? $"Training was stopped because it reported no progress for {settings.TrainingSilenceSeconds} seconds "
                + "(Fovea:TrainingSilenceSeconds)."
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
            // The process has ended, so it uses no memory.
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

    // Returns the beginning of standard error: the sentence with which the training program refused its input, or the exception that ended
    // it.
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
