using Fovea.Api.Problems;

namespace Fovea.Api.Serving;

/// <summary>Holds a served model, so that it is not freed while a request uses it. Dispose of it once.</summary>
internal sealed class Lease(ServedModel model) : IDisposable
{
    private ServedModel? held = model;
    private bool admitted;

    /// <summary>The version that was served when the lease was taken. A newer version may serve by now.</summary>
    public ServedModel Model => held ?? throw new ObjectDisposedException(nameof(Lease));

    /// <summary>
    /// Takes one of the model's places for a request, until the lease is disposed of. Call it when the whole body has arrived.
    /// </summary>
    /// <exception cref="ServiceException"><c>ServiceError.Overloaded</c>: all are taken.</exception>
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
