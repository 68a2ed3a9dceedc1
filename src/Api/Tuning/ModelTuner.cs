using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;

namespace Fovea.Api.Tuning;

/// <summary>
/// Finds the kind of session and the batch sizes with which each served model runs fastest on this machine, while the model serves. Trials
/// run on the batches that requests make; on synthetic batches only while no request is in flight.
/// </summary>
/// <remarks>
/// <code>
/// opened ──one-core session is open──► serves side by side ──its turn──► explores ──done──► settled, saved in a file
///                                                                          │  ▲
///                                                             no images to try  later
///                                                                          ▼  │
///                                                                        settled for now
/// </code>
/// Only one model explores at a time, because exploring needs all of its sessions in memory.
/// </remarks>
internal sealed class ModelTuner(
    ServingSettings settings, SizesFile file, RequestsInFlight inFlight, TimeProvider time, ILogger<ModelTuner> log) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30), LongestPause = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim opening = new(1), exploring = new(1);

    /// <summary>Tunes a model until its fastest way of running is known, or the model is no longer served.</summary>
    /// <param name="served">The model, which already answers requests with its first session.</param>
    /// <param name="stop">Ends the tuning.</param>
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
            // The service stops, or the model is no longer served, so tuning ends.
        }
        catch (RefusalException e)
        {
            // The file was replaced or deleted. The model keeps its present sessions and sizes until the new file is loaded.
            log.TuningEnded(served.Name, served.Version, e.Message);
        }
        catch (Exception e)
        {
            // The model keeps its present sessions and sizes.
            log.TuningFailed(e, served.Name, served.Version);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        opening.Dispose();
        exploring.Dispose();
    }

    // Waits for the turn, and does the work while it holds a lease, so that the model is not freed meanwhile.
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
