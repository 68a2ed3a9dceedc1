using System.Diagnostics;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>Tries a model file in a process of its own, with limits, before the service loads it.</summary>
internal sealed class ModelCheck(ModelStoreSettings settings) : IDisposable
{
    private const int LongestReason = 2_000;

    // One at a time: each may take all the memory that is allowed.
    private readonly SemaphoreSlim running = new(1);

    /// <summary>Loads a version and classifies with it once.</summary>
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
        using var process = Process.Start(Command(version, model))!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromSeconds(settings.CheckSeconds));
        try
        {
            var reading = process.StandardOutput.ReadToEndAsync(limit.Token);
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            var said = await reading;
            await process.WaitForExitAsync(limit.Token);
            if (process.ExitCode != 0)
            {
                throw new FoveaException(ErrorCode.BadModelFile, process.ExitCode == CheckCommand.Refused ? Reason(said, version, model)
                    : $"Loading the model ended the process that tried it (exit code {process.ExitCode}): it is damaged, or needs more than {settings.CheckMemoryBytes:N0} bytes of memory (Fovea:CheckMemoryBytes).");
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"The model was not loaded, and had not classified an image, within {settings.CheckSeconds} seconds (Fovea:CheckSeconds).");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    // Neither folder is anything that the caller knows.
    private static string Reason(string said, string version, string model)
    {
        var reason = said.Replace(version + Path.DirectorySeparatorChar, "", StringComparison.Ordinal).Replace(model, Path.GetFileName(model), StringComparison.Ordinal).Trim();
        return reason.Length <= LongestReason ? reason : $"{reason[..LongestReason]} ...";
    }

    private ProcessStartInfo Command(string version, string model)
    {
        // One thread, so that requests keep the others.
        var start = ChildProgram.Of(typeof(ModelCheck).Assembly.Location, [CheckCommand.Verb, version, model, $"{settings.CheckMemoryBytes}"]);
        start.Environment["DOTNET_PROCESSOR_COUNT"] = "1";
        return start;
    }
}
