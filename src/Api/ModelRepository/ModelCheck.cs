using System.Diagnostics;
using System.Text;
using Fovea.Api.Processes;
using Fovea.Api.Serving;
using Fovea.Models.Errors;
using Fovea.Models.Files;

namespace Fovea.Api.ModelRepository;

/// <summary>Tries a model in a separate process (<see cref="CheckCommand"/>), within limits, before the service loads it.</summary>
internal sealed class ModelCheck(ModelStoreSettings settings, ServingSettings serving) : IDisposable
{
    private const int LongestReason = 2_000;

    // The child process runs the model on all processors, as the service will. With this nice value its threads get a third of the
    // processor time of threads that serve requests.
    private const int Nice = 5;

    // Checks run one at a time, since each may use all of the allowed memory.
    private readonly SemaphoreSlim running = new(1);

    /// <summary>Loads a version and runs it as the service would serve it.</summary>
    /// <param name="version">The version's folder, which may be a staging folder.</param>
    /// <param name="model">The folder of the model that the version is added to.</param>
    /// <param name="isUpload">Whether a file that other software made is replaced by its adopted form.</param>
    /// <param name="stop">Kills the process.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadModelFile"/>: the version cannot be served; the message gives the reason.
    /// </exception>
    public async Task Run(string version, string model, bool isUpload, CancellationToken stop)
    {
        await running.WaitAsync(stop);
        try
        {
            await RunNow(Command(version, model, isUpload), stop);
        }
        finally
        {
            running.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => running.Dispose();

    private async Task RunNow(ProcessStartInfo command, CancellationToken stop)
    {
        using var process = await ChildProgram.Start(command, Nice);
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
                $"The model was not loaded and tried within {settings.CheckSeconds} seconds (Fovea:CheckSeconds). The time ran out "
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

    private ProcessStartInfo Command(string version, string model, bool isUpload)
    {
        var start = ChildProgram.Of(
            typeof(ModelCheck).Assembly.Location,
            [CheckCommand.Verb, version, model, $"{settings.CheckMemoryBytes}", $"{serving.MaxBatch}", $"{isUpload}"]);
        start.Environment[FixedFolders.Variable] = version;
        start.Environment["DOTNET_PROCESSOR_COUNT"] = $"{Environment.ProcessorCount}";

        // The server garbage collector has one heap per processor. Their memory would count as memory of the model.
        start.Environment["DOTNET_gcServer"] = "0";
        return start;
    }

    /// <summary>The standard output of the process: lines that name its steps, and at the end the reason for a refusal.</summary>
    private sealed class CheckOutput
    {
        private readonly StringBuilder reason = new();

        /// <summary>The last step that the process has started.</summary>
        public string Step { get; private set; } = "the start";

        /// <summary>The reason of the refusal, in at most 2,000 characters.</summary>
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
