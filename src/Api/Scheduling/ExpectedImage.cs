namespace Fovea.Api.Scheduling;

/// <summary>An image that was announced. A batch with room for it waits until this is disposed of, once or more.</summary>
internal sealed class ExpectedImage(Scheduler scheduler) : IDisposable
{
    private bool over;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref over, true))
        {
            scheduler.Arrived();
        }
    }
}
