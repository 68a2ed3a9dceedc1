namespace Fovea.Api;

/// <summary>An image that is on its way to a batch, which waits for it; until this is disposed of, once or more.</summary>
internal sealed class Arrival(Batcher batcher) : IDisposable
{
    private bool over;

    /// <summary>While what is returned is not disposed of the image is being decoded: no run starts meanwhile, not even of a batch that is full.</summary>
    public DecodingTime Decoding()
    {
        batcher.BeginDecoding();
        return new(batcher);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref over, true))
        {
            batcher.Arrived();
        }
    }

    /// <summary>The time in which an image is decoded.</summary>
    internal readonly struct DecodingTime(Batcher? batcher) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => batcher?.EndDecoding();
    }
}
