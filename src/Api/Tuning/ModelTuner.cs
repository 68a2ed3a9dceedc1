using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;

namespace Fovea.Api.Tuning;

/// <summary>
/// Finds, for each served model, how it runs best on this machine, while it serves: ways of running are tried on the batches that requests
/// make, and on synthetic batches only while no request is in flight.
/// </summary>
/// <remarks>
/// <code>
/// opened ──one-slot session is open──► serves side by side ──its turn──► explores ──done──► settled, remembered
///                                                                          │  ▲
///                                                       nothing to try it on  later
///                                                                          ▼  │
///                                                                        settled for now
/// </code>
/// One model explores at a time, since exploring needs all of its sessions in memory at once.
/// </remarks>
internal sealed class ModelTuner(
    ServingSettings settings, SizesFile file, RequestsInFlight inFlight, TimeProvider time, ILogger<ModelTuner> log) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30), LongestPause = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim opening = new(1), exploring = new(1);

    /// <summary>Tunes a model until it is settled, or is no longer served.</summary>
    /// <param name="served">The model; it answers already, with its first session.</param>
    /// <param name="stop">Gives up.</param>
    public async Task Tune(ServedModel served, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop, served.Retired);
        try
        {
            var tuning = new ModelTuning(served, settings, file, new(served, inFlight, time, log), log);
            await WhileHeld(served, opening, () => tuning.Begin(over.Token), over.Token);
            bool isDone = false;
            for (var pause = FirstPause; !isDone; pause = pause < LongestPause ? 2 * pause : pause)
            {
                await WhileHeld(served, exploring, async () => isDone = await tuning.Explore(over.Token), over.Token);
                if (!isDone)
                {
                    await Task.Delay(pause, time, over.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The service stops, or the model is no longer served.
        }
        catch (RefusalException e)
        {
            // The file was replaced or deleted. This version goes on as it runs now, until the new one is loaded.
            log.TuningEnded(served.Name, served.Version, e.Message);
        }
        catch (Exception e)
        {
            // The model goes on as it runs now.
            log.TuningFailed(e, served.Name, served.Version);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        opening.Dispose();
        exploring.Dispose();
    }

    // The model cannot be freed meanwhile.
    private static async Task WhileHeld(ServedModel served, SemaphoreSlim turn, Func<Task> work, CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            using var lease = served.TryLease() ?? throw new OperationCanceledException($"{served.Name} is no longer served.", stop);
            await work();
        }
        finally
        {
            turn.Release();
        }
    }
}
