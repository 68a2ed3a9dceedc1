using Fovea.Api.Scheduling;
using Fovea.Api.Telemetry;
using Fovea.Models.Explanations;
using Fovea.Models.Runtime;

namespace Fovea.Api.Serving;

/// <summary>
/// A version of a model that is loaded and answers. A request that uses it holds a lease. Its owner disposes of it, and it is freed when
/// the last lease is given back.
/// </summary>
internal sealed class ServedModel : IDisposable
{
    // The largest batch until the model is tuned. A larger one would gain little and make the following images wait.
    private const int FirstBatch = 4;

    private readonly CancellationTokenSource retired = new();

    // The owner and each lease count as one. At 0 the model is freed, and gives no more leases.
    private int holders = 1;
    private bool disposed;

    /// <summary>Makes a model that answers with its first session.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="version">Its version, from 1.</param>
    /// <param name="classifier">The loaded file. This object disposes of it.</param>
    /// <param name="places">The number of requests that may be in flight, at least 1.</param>
    /// <param name="metrics">The metrics that count the runs.</param>
    /// <param name="inFlight">The counter of the requests of all models.</param>
    public ServedModel(string name, int version, Classifier classifier, int places, Metrics metrics, RequestsInFlight inFlight)
    {
        (Name, Version, Classifier, Retired) = (name, version, classifier, retired.Token);
        Explainer = new(classifier, onAllCores: false);
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

    /// <summary>The classifier with the model's input, output, labels and preprocessing.</summary>
    public Classifier Classifier { get; }

    /// <summary>
    /// Explains the classifier's answers, in sessions of its own that are opened when they are first used. The caller of each method holds
    /// a lease.
    /// </summary>
    public Explainer Explainer { get; }

    /// <summary>Admits requests, and counts those in flight.</summary>
    public Admission Admission { get; }

    /// <summary>Counts images and batches since the model was loaded.</summary>
    public ModelStatistics Statistics { get; } = new();

    /// <summary>Passes on the events of the runs.</summary>
    public RunLog Log { get; }

    /// <summary>Collects images in batches, and runs them.</summary>
    public Scheduler Scheduler { get; }

    /// <summary>The number of runs that may go on side by side, one on each core; 1 if the model cannot run side by side.</summary>
    public int Slots { get; }

    /// <summary>Cancelled when the owner disposes of the model. Requests that hold a lease are still answered.</summary>
    public CancellationToken Retired { get; }

    /// <summary>The batch sizes in use with their measured times; empty until they are measured.</summary>
    public IReadOnlyList<MeasuredSize> Sizes { get; set; } = [];

    /// <summary>Takes a lease; null if the model has been freed.</summary>
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

    /// <summary>Runs one image, together with other waiting images.</summary>
    /// <param name="fill">
    /// Writes the preprocessed image, [C, H, W]: every number of its slot. Its exception is thrown here, and the image is not run.
    /// </param>
    /// <param name="stop">If it is cancelled before the image's run, the image is left out of the run.</param>
    /// <returns>The logits, one number a class.</returns>
    public Task<float[]> Logits(Action<Span<float>> fill, CancellationToken stop) => Scheduler.Run(fill, stop);

    /// <summary>Releases the owner's hold. The model is freed as soon as no lease is held and no run is in progress.</summary>
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

        Explainer.Dispose();
        Classifier.Dispose();
        retired.Dispose();
    }
}
