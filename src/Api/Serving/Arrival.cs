namespace Fovea.Api;

/// <summary>An image that is on its way to a batch, which waits for it; until this is disposed of, once or more.</summary>
internal sealed class Arrival(Batcher batcher) : IDisposable
{
    private bool over;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref over, true))
        {
            batcher.Arrived();
        }
    }
}
