using Fovea.Models.Explanations;
using Fovea.Models.Runtime;

namespace Fovea.Api.Explanation;

/// <summary>
/// Closes the sessions of explainers that were not used for a minute. These sessions hold the weights of the models a second time.
/// Thread-safe.
/// </summary>
internal sealed class IdleExplainers(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<Explainer, long> lastUse = [];
    private ITimer? timer;

    /// <summary>Notes that an explainer was used now.</summary>
    public void Used(Explainer explainer)
    {
        lock (gate)
        {
            lastUse[explainer] = time.GetTimestamp();
            timer ??= time.CreateTimer(_ => FreeIdle(), null, Idle, Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            timer?.Dispose();
        }
    }

    private void FreeIdle()
    {
        lock (gate)
        {
            Explainer[] freed = [.. lastUse.Where(use => time.GetElapsedTime(use.Value) >= Idle && use.Key.Free()).Select(use => use.Key)];
            Array.ForEach(freed, explainer => lastUse.Remove(explainer));
            timer!.Dispose();
            timer = lastUse.Count == 0 ? null : time.CreateTimer(_ => FreeIdle(), null, Idle, Timeout.InfiniteTimeSpan);
            if (freed.Length > 0)
            {
                ProcessMemory.Trim();
            }
        }
    }
}
