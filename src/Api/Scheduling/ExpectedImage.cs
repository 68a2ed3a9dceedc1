namespace Fovea.Api.Scheduling;

/// <summary>
/// The announcement of an image that will be written soon. While the open batch has room, it waits until this object is disposed of.
/// Disposing twice is safe.
/// </summary>
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
