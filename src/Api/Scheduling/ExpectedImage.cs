namespace Fovea.Api.Scheduling;

/// <summary>An announced image. The open batch keeps room for the image and waits until this object is disposed. Disposing twice is
/// safe.</summary>
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
