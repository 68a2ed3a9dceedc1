using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// A version of a model that is loaded and answers. Whoever uses it holds a lease; its maker disposes of it, and it is freed when the last lease has
/// gone.
/// </summary>
internal sealed class ServedModel : IDisposable
{
    // One for whoever made it, and one for each lease; at 0 it is freed and can be leased no more.
    private int holders = 1;
    private bool disposed;

    /// <summary>A model that answers one image at a time, until <see cref="Batcher"/> is told more sizes.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="version">Its version, from 1.</param>
    /// <param name="classifier">What was loaded; disposed of with this.</param>
    /// <param name="places">The requests that may be under way.</param>
    /// <param name="metrics">Where its runs are counted.</param>
    public ServedModel(string name, int version, Classifier classifier, int places, Metrics metrics)
    {
        (Name, Version, Classifier) = (name, version, classifier);
        Admission = new(name, places);
        Log = new(name, classifier, Admission, Statistics, metrics);
        Batcher = new(classifier, Log);
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>The version, from 1.</summary>
    public int Version { get; }

    /// <summary>What it takes and gives.</summary>
    public Classifier Classifier { get; }

    /// <summary>The requests under way.</summary>
    public Admission Admission { get; }

    /// <summary>What was inferred since it was loaded.</summary>
    public ModelStatistics Statistics { get; } = new();

    /// <summary>What is noted of its runs.</summary>
    public RunLog Log { get; }

    /// <summary>What makes batches of their images.</summary>
    public Batcher Batcher { get; }

    /// <summary>The batch sizes measured, and how fast each is; empty until that is done.</summary>
    public IReadOnlyList<MeasuredSize> Sizes { get; set; } = [];

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

    /// <summary>Runs one image, together with others that are there.</summary>
    /// <param name="fill">Writes the image, [C, H, W], preprocessed: every number of its slot. What it throws is thrown here, and costs no run.</param>
    /// <param name="stop">Whoever has gone before the batch is run is left out of it.</param>
    /// <returns>The logits, one number a class.</returns>
    public Task<float[]> Logits(Action<Span<float>> fill, CancellationToken stop) => Batcher.Run(fill, stop);

    /// <summary>Lets the maker's hold go: the model is freed as soon as nobody holds a lease and no run is under way.</summary>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref disposed, true))
        {
            Release();
        }
    }

    /// <summary>Gives a lease back.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref holders) == 0)
        {
            Batcher.Dispose();
        }
    }
}
