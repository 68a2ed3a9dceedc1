using Fovea.Api.Problems;

namespace Fovea.Api.Serving;

/// <summary>Keeps a served model from being freed while a request uses it. Dispose of the lease once.</summary>
internal sealed class Lease(ServedModel model) : IDisposable
{
    private ServedModel? held = model;
    private bool admitted;

    /// <summary>The model version that served when the lease was taken. Another version may serve by now.</summary>
    public ServedModel Model => held ?? throw new ObjectDisposedException(nameof(Lease));

    /// <summary>
    /// Takes one of the model's places for requests in flight, and holds it until the lease is disposed of. Call this when the whole body
    /// of the request has arrived.
    /// </summary>
    /// <exception cref="ServiceException"><c>ServiceError.Overloaded</c>: all places are taken.</exception>
    public void Admit()
    {
        Model.Admission.Enter();
        admitted = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref held, null) is { } model)
        {
            if (admitted)
            {
                model.Admission.Leave();
            }

            model.Release();
        }
    }
}
