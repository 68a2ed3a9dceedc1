using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// A version of a model that is loaded and answers. Whoever uses it holds a lease; its maker disposes of it, and it is freed when the last
/// lease has gone.
/// </summary>
internal sealed class ServedModel : IDisposable
{
    private readonly Batcher batcher;

    // One for whoever made it, and one for each lease; at 0 it is disposed of and can be leased no more.
    private int holders = 1;
    private bool disposed;

    /// <param name="name">The model's name.</param>
    /// <param name="version">Its version, from 1.</param>
    /// <param name="classifier">What was loaded; disposed of with this.</param>
    public ServedModel(string name, int version, Classifier classifier)
    {
        (Name, Version, Classifier) = (name, version, classifier);
        batcher = new(classifier);
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>The version, from 1.</summary>
    public int Version { get; }

    /// <summary>What it takes and gives.</summary>
    public Classifier Classifier { get; }

    /// <summary>Holds the model; null where it was disposed of and nobody holds it any more.</summary>
    public Lease? TryLease()
    {
        for (int now = Volatile.Read(ref holders); now > 0;)
        {
            int seen = Interlocked.CompareExchange(ref holders, now + 1, now);
            if (seen == now)
            {
                return new(this);
            }

            now = seen;
        }

        return null;
    }

    /// <summary>Lets the maker's hold go: the model is freed as soon as nobody holds a lease.</summary>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref disposed, true))
        {
            Release();
        }
    }

    /// <summary>Runs one image, together with others that are there.</summary>
    /// <param name="fill">Writes the image, [C, H, W], preprocessed: every number of its slot. What it throws is thrown here, and costs no run.</param>
    /// <param name="stop">Whoever has gone before the batch is run is left out of it.</param>
    /// <returns>The logits, one number a class.</returns>
    public Task<float[]> Logits(Action<Span<float>> fill, CancellationToken stop) => batcher.Run(fill, stop);

    /// <summary>Gives a lease back.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref holders) == 0)
        {
            batcher.Dispose();
            Classifier.Dispose();
        }
    }
}
