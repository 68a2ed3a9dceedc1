namespace Fovea.Api;

/// <summary>Holds a served model, so that it is not disposed of while somebody uses it. To be disposed of once.</summary>
internal sealed class Lease(ServedModel model) : IDisposable
{
    private ServedModel? held = model;

    /// <summary>The model, as it was when the lease was taken, whatever serves in its place by now.</summary>
    public ServedModel Model => held ?? throw new ObjectDisposedException(nameof(Lease));

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref held, null)?.Release();
}
