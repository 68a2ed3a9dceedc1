using System.Diagnostics;
using System.Text;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>Tries a model in a process of its own (<see cref="CheckCommand"/>), within limits, before the service loads it.</summary>
internal sealed class ModelCheck(ModelStoreSettings settings, ServingSettings serving) : IDisposable
{
    private const int LongestReason = 2_000;

    // The child runs on all processors, as the model will. With this nice value it gets a third of the time of a thread that serves
    // requests.
    private const int Nice = 5;

    // One at a time, since each may take all the memory that is allowed.
    private readonly SemaphoreSlim running = new(1);

    /// <summary>Loads a version and runs it as the service would serve it.</summary>
    /// <param name="version">The version's folder, wherever it lies.</param>
    /// <param name="model">The folder of the model that it is to become a version of.</param>
    /// <param name="stop">Kills the process.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadModelFile"/>: it cannot be served; the message says why.</exception>
    public async Task Run(string version, string model, CancellationToken stop)
    {
        await running.WaitAsync(stop);
        try
        {
            await RunNow(version, model, stop);
        }
        finally
        {
            running.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => running.Dispose();

    private async Task RunNow(string version, string model, CancellationToken stop)
    {
        using var process = await ChildProgram.Start(Command(version, model), Nice);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromSeconds(settings.CheckSeconds));
        var said = new CheckOutput();
        try
        {
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            await said.Read(process.StandardOutput, limit.Token);
            await process.WaitForExitAsync(limit.Token);
            if (process.ExitCode != 0)
            {
                throw new FoveaException(
                    ErrorCode.BadModelFile, process.ExitCode == CheckCommand.Refused ? said.Reason : Died(process.ExitCode, said.Step));
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"The model was not loaded and tried within {settings.CheckSeconds} seconds (Fovea:CheckSeconds). The time was over "
                    + $"during {said.Step}.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private string Died(int code, string step) =>
        $"The model ended the process that tried it (exit code {code}) during {step}: it is damaged, or needs more than "
            + $"{settings.CheckMemoryBytes:N0} bytes of "
        + "memory to be served (Fovea:CheckMemoryBytes).";

    private ProcessStartInfo Command(string version, string model)
    {
        var start = ChildProgram.Of(
            typeof(ModelCheck).Assembly.Location,
            [CheckCommand.Verb, version, model, $"{settings.CheckMemoryBytes}", $"{serving.MaxBatch}"]);
        start.Environment["DOTNET_PROCESSOR_COUNT"] = $"{Environment.ProcessorCount}";

        // A collector for each processor would take memory that is the model's.
        start.Environment["DOTNET_gcServer"] = "0";
        return start;
    }

    /// <summary>The output of the process: the step that it is at, and finally the reason why the model is refused.</summary>
    private sealed class CheckOutput
    {
        private readonly StringBuilder reason = new();

        /// <summary>The last step that was begun.</summary>
        public string Step { get; private set; } = "the start";

        /// <summary>Why the model is refused, in at most 2,000 characters.</summary>
        public string Reason => $"{reason}".Trim() is var whole && whole.Length <= LongestReason ? whole : $"{whole[..LongestReason]} ...";

        public async Task Read(StreamReader output, CancellationToken stop)
        {
            while (await output.ReadLineAsync(stop) is { } line)
            {
                if (line.StartsWith(CheckCommand.Step, StringComparison.Ordinal))
                {
                    Step = line[CheckCommand.Step.Length..];
                }
                else if (reason.Length <= LongestReason)
                {
                    reason.AppendLine(line);
                }
            }
        }
    }
}
