using Fovea.Api.Scheduling;
using Fovea.Api.Tuning;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// A version of a model that is loaded and answers. A request that uses it holds a lease. Its owner disposes of it, and it is freed when
/// the last lease is given back.
/// </summary>
internal sealed class ServedModel : IDisposable
{
    // The most images of a batch until the model is tuned. More would gain little, and keep the images behind it waiting.
    private const int FirstBatch = 4;

    private readonly CancellationTokenSource retired = new();

    // The owner counts as one, and each lease as one. At 0 the model is freed, and can be leased no more.
    private int holders = 1;
    private bool disposed;

    /// <summary>A model that answers with its first session.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="version">Its version, from 1.</param>
    /// <param name="classifier">What was loaded; disposed of with this.</param>
    /// <param name="places">The requests that may be in flight, at least 1.</param>
    /// <param name="metrics">Counts its runs.</param>
    /// <param name="inFlight">Counts the requests of all models.</param>
    public ServedModel(string name, int version, Classifier classifier, int places, Metrics metrics, RequestsInFlight inFlight)
    {
        (Name, Version, Classifier, Retired) = (name, version, classifier, retired.Token);
        Slots = classifier.CanRunSideBySide ? Environment.ProcessorCount : 1;
        Admission = new(name, places, inFlight);
        Log = new(name, Slots, Admission, Statistics, metrics);
        int[] sizes = classifier.FixedBatch is { } only ? [only] : classifier.IsLarge ? [1] : [1, FirstBatch];
        var first = new SessionSet(classifier.TakeSession(), [], sizes[^1], sizes);
        Scheduler = new(set => classifier.CreateBatch(set.All.First(), set.Sizes), Slots, first, Log, Free);
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>The version, from 1.</summary>
    public int Version { get; }

    /// <summary>What it takes and gives.</summary>
    public Classifier Classifier { get; }

    /// <summary>Admits requests, and counts those in flight.</summary>
    public Admission Admission { get; }

    /// <summary>Counts what was inferred since it was loaded.</summary>
    public ModelStatistics Statistics { get; } = new();

    /// <summary>Passes on what happens in its runs.</summary>
    public RunLog Log { get; }

    /// <summary>Gathers images into batches, and runs them.</summary>
    public Scheduler Scheduler { get; }

    /// <summary>The runs that may go on side by side, one on each core; 1 where they cannot.</summary>
    public int Slots { get; }

    /// <summary>Cancelled when the owner disposes of the model. Requests that hold a lease are still answered.</summary>
    public CancellationToken Retired { get; }

    /// <summary>The batch sizes in use, and how fast each was measured to be; empty until that is known.</summary>
    public IReadOnlyList<MeasuredSize> Sizes { get; set; } = [];

    /// <summary>Holds the model; null where it was disposed of and the last lease was given back.</summary>
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

    /// <summary>Runs one image, together with others that wait.</summary>
    /// <param name="fill">
    /// Writes the image, [C, H, W], preprocessed: every number of its slot. Its exception is thrown here, and the image is not run.
    /// </param>
    /// <param name="stop">If it is cancelled before the image's run, the image is left out of the run.</param>
    /// <returns>The logits, one number a class.</returns>
    public Task<float[]> Logits(Action<Span<float>> fill, CancellationToken stop) => Scheduler.Run(fill, stop);

    /// <summary>Ends the owner's hold. The model is freed as soon as no lease is held and no run is under way.</summary>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref disposed, true))
        {
            retired.Cancel();
            Release();
        }
    }

    /// <summary>Gives a lease back.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref holders) == 0)
        {
            Scheduler.Dispose();
        }
    }

    private void Free()
    {
        foreach (var session in Scheduler.Sessions.All)
        {
            session.Dispose();
        }

        Classifier.Dispose();
        retired.Dispose();
    }
}
