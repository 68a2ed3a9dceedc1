using Fovea.Api.Configuration;

namespace Fovea.Api.Requests;

/// <summary>
/// Limits the memory of request bodies that arrive in pieces, for all requests together and for each caller. A caller may hold at most as
/// much memory as stays free: a single caller gets half of all memory, three callers get a quarter each, and a new caller always finds as
/// much free memory as any other caller holds.
/// </summary>
/// <remarks>Thread-safe. A body that has arrived whole at the first read takes nothing from this budget.</remarks>
internal sealed class BodyBudget(HostSettings settings)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, long> held = [];
    private long total;

    /// <summary>The memory that bodies hold now, in bytes.</summary>
    public long Held => Volatile.Read(ref total);

    /// <summary>Returns a share for one body, which holds no memory yet.</summary>
    /// <param name="caller">The name of the body's sender, from <c>Caller.Of</c>.</param>
    public Share Open(string caller) => new(this, caller);

    private bool TryTake(string caller, long own, long more)
    {
        lock (gate)
        {
            long its = held.GetValueOrDefault(caller) + more;

            // A body that is the only one is always accepted: the limit of one body's size is enough.
            if (total > own && its > settings.MaxBufferedBytes - total - more)
            {
                return false;
            }

            held[caller] = its;
            Volatile.Write(ref total, total + more);
            return true;
        }
    }

    private void Return(string caller, long bytes)
    {
        lock (gate)
        {
            Volatile.Write(ref total, total - bytes);
            if ((held[caller] -= bytes) == 0)
            {
                held.Remove(caller);
            }
        }
    }

    /// <summary>The memory of one body. Disposing of this object returns the memory to the budget.</summary>
    internal sealed class Share(BodyBudget budget, string caller) : IDisposable
    {
        private long bytes;

        /// <summary>Takes more memory.</summary>
        /// <param name="more">The number of bytes, at least 1.</param>
        /// <returns>True if the memory was taken; false if the caller may not hold so much more, and nothing was taken.</returns>
        public bool TryTake(long more)
        {
            bool isTaken = budget.TryTake(caller, bytes, more);
            bytes += isTaken ? more : 0;
            return isTaken;
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            if (bytes > 0)
            {
                budget.Return(caller, bytes);
                bytes = 0;
            }
        }
    }
}
