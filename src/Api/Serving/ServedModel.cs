using Fovea.Api.Scheduling;
using Fovea.Api.Telemetry;
using Fovea.Models.Explanations;
using Fovea.Models.Runtime;

namespace Fovea.Api.Serving;

/// <summary>
/// A loaded version of a model. Each request that uses it holds a lease. After its owner has disposed of it, its memory is freed as soon as
/// the last lease is disposed of.
/// </summary>
internal sealed class ServedModel : IDisposable
{
    // The largest batch until the model is tuned. A larger batch would be hardly faster and would keep later images waiting.
    private const int FirstBatch = 4;

    private readonly CancellationTokenSource retired = new();

    // The number of holders: the owner until it disposes of the model, and each lease. At 0 the model is freed, and gives no more leases.
    private int holders = 1;
    private bool disposed;

    /// <summary>Makes a model that answers requests with its first session.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="version">The model's version, from 1.</param>
    /// <param name="classifier">The loaded file. This object disposes of it.</param>
    /// <param name="places">The largest number of requests in flight, at least 1.</param>
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
    /// Computes heat maps that explain the model's answers, in sessions of its own that open at their first use. A caller of its methods
    /// holds a lease.
    /// </summary>
    public Explainer Explainer { get; }

    /// <summary>Counts the model's requests in flight, and refuses a request when there are too many.</summary>
    public Admission Admission { get; }

    /// <summary>Counts images and batches since the model was loaded.</summary>
    public ModelStatistics Statistics { get; } = new();

    /// <summary>Records each run in the metrics and statistics.</summary>
    public RunLog Log { get; }

    /// <summary>Gathers the images of requests into batches, and runs the batches.</summary>
    public Scheduler Scheduler { get; }

    /// <summary>The number of execution slots: one for each core, or 1 if the model's runs cannot go on side by side.</summary>
    public int Slots { get; }

    /// <summary>Cancelled when the owner disposes of the model. Requests that hold a lease are still answered.</summary>
    public CancellationToken Retired { get; }

    /// <summary>The batch sizes in use, with their measured speed; empty until tuning has measured them.</summary>
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
    /// Writes the whole preprocessed image, [C, H, W], into its slot. If it throws, this method throws the same exception, and the image is
    /// not run.
    /// </param>
    /// <param name="stop">If this is cancelled before the image's run, the image is left out of the run.</param>
    /// <returns>A task that completes with the logits, one number for each class.</returns>
    public Task<float[]> Logits(Action<Span<float>> fill, CancellationToken stop) => Scheduler.Run(fill, stop);

    /// <summary>Called by the owner. The model is freed as soon as no lease is held and no run is in progress.</summary>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref disposed, true))
        {
            retired.Cancel();
            Release();
        }
    }

    /// <summary>Called by a lease that is disposed of.</summary>
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
