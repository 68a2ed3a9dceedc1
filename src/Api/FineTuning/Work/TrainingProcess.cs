using System.Diagnostics;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>Runs commands of the training program, each in a process of its own: behind everything else on the processors, watched, and ended with this process.</summary>
internal sealed class TrainingProcess(FineTuningSettings settings, TimeProvider time)
{
    /// <summary>The exit code of a command that has done what it was asked for.</summary>
    public const int Done = 0;

    /// <summary>The exit code of a command that says why it cannot be done.</summary>
    public const int Refused = 1;

    /// <summary>So many deaths in a row, with nothing to go on from in between, are no accident.</summary>
    public const int MostDeaths = 3;

    private const int LongestError = 4_000;

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Fovea.Training.dll");
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1), LongestFarewell = TimeSpan.FromMinutes(2);

    /// <summary>Runs a command to its end.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="threads">The processors that it may use.</param>
    /// <param name="line">Is given each line that it prints, in order.</param>
    /// <param name="pause">Lets it write a checkpoint and end.</param>
    /// <param name="stop">Ends it at once.</param>
    /// <returns>Its exit code, and what it said on standard error.</returns>
    /// <exception cref="FoveaException"><see cref="ErrorCode.TrainingFailed"/>: it took too much memory, or was silent for too long.</exception>
    public async Task<(int Code, string Errors)> Run(IReadOnlyList<string> arguments, int threads, Func<string, Task> line, CancellationToken pause, CancellationToken stop)
    {
        using var process = await Start(arguments, threads);
        using var ended = new CancellationTokenSource();
        long lastSaid = time.GetTimestamp();
        try
        {
            var errors = ReadErrors(process);
            var watching = Watch(process, () => time.GetElapsedTime(lastSaid), pause, ended.Token);
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
            return reason is null ? (process.ExitCode, text) : throw new FoveaException(ErrorCode.TrainingFailed, reason);
        }
        finally
        {
            await ended.CancelAsync();
            Kill(process);
        }
    }

    /// <summary>What ended a command that was neither done nor refused.</summary>
    public static string Death(int code, string errors) => (code, errors.Split('\n')[0].Trim()) switch
    {
        // 128 and the signal's number, as shells have it.
        (137, _) => "because it was killed: by hand, or by the system for want of memory",
        (_, "") => $"with the exit code {code}",
        (_, var said) => $"with the exit code {code}: {said}",
    };

    // A process has the rank of the thread that starts it.
    private static Task<Process> Start(IReadOnlyList<string> arguments, int threads)
    {
        var start = ChildProgram.Of(Program, arguments);
        start.Environment["DOTNET_PROCESSOR_COUNT"] = $"{threads}";
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        var starting = new Thread(() =>
        {
            ThreadRank.Lower();
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        starting.Start();
        return started.Task;
    }

    // Gives the reason why it had to be ended; null where it ended by itself.
    private async Task<string?> Watch(Process process, Func<TimeSpan> silence, CancellationToken pause, CancellationToken ended)
    {
        long? farewell = null;
        using var looks = new PeriodicTimer(BetweenLooks, time);
        while (await NextLook(looks, ended))
        {
            process.Refresh();
            long resident = process.HasExited ? 0 : process.WorkingSet64;
            var reason = settings.TrainingMemoryBytes > 0 && resident > settings.TrainingMemoryBytes
                    ? $"Training has {resident:N0} bytes of memory; expected at most {settings.TrainingMemoryBytes:N0} (Fovea:TrainingMemoryBytes). A smaller batch size, or the method head, takes less."
                : silence().TotalSeconds > settings.TrainingSilenceSeconds ? $"Training has said nothing for {settings.TrainingSilenceSeconds} seconds, the longest allowed (Fovea:TrainingSilenceSeconds)."
                : null;
            if (reason is not null)
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

    // The first of what it says: a sentence of ours, or the exception that ended it.
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
            // It has ended.
        }
    }
}
