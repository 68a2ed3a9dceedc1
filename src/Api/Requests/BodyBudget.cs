using Fovea.Api.Configuration;

namespace Fovea.Api.Requests;

/// <summary>
/// Bounds the memory of request bodies that did not arrive at once, over all requests and for each caller. A caller may hold at most as
/// much as stays free: one caller gets half of all memory, three get a quarter each, and a newcomer always finds as much free as anybody
/// else holds.
/// </summary>
/// <remarks>Thread-safe. Bodies that have arrived whole when they are first read take nothing, so they never come here.</remarks>
internal sealed class BodyBudget(HostSettings settings)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, long> held = [];
    private long total;

    /// <summary>The bytes that are held now.</summary>
    public long Held => Volatile.Read(ref total);

    /// <summary>A share for one body. It holds nothing yet.</summary>
    /// <param name="caller">Who sends the body, as <c>Caller</c> names it.</param>
    public Share Open(string caller) => new(this, caller);

    private bool TryTake(string caller, long own, long more)
    {
        lock (gate)
        {
            long its = held.GetValueOrDefault(caller) + more;

            // A body that is alone is always taken: its own limit bounds it.
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

    /// <summary>The memory of one body. It goes back when this is disposed of.</summary>
    internal sealed class Share(BodyBudget budget, string caller) : IDisposable
    {
        private long bytes;

        /// <summary>Takes more memory.</summary>
        /// <param name="more">Bytes, at least 1.</param>
        /// <returns>Whether the caller may hold so much more; otherwise nothing is taken.</returns>
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
