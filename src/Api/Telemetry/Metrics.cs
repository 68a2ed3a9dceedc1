using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Fovea.Models.Runtime;
using OpenTelemetry.Metrics;

namespace Fovea.Api.Telemetry;

/// <summary>Records the metrics of <see cref="MetricTable"/>.</summary>
/// <remarks>
/// Counters are plain <c>long</c> fields that are read when the metrics are requested, because an instrument with labels takes more time
/// per request.
/// </remarks>
internal sealed class Metrics : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "Fovea";

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };
    private static readonly InstrumentAdvice<int> Images = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128] };

    // Other methods are counted as _OTHER. Otherwise a client could invent methods, and each would start a new time series.
    private static readonly FrozenSet<string> Methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"];

    private readonly ConditionalWeakTable<object, Func<(string Model, int Active)>> watched = [];
    private readonly ConcurrentDictionary<(string Model, string? Reason), StrongBox<long>> answers = [];
    private readonly ConcurrentDictionary<string, StrongBox<long>> runs = [], images = [], refusedBodies = [], outliers = [];
    private readonly IServiceProvider services;
    private readonly Meter meter;
    private readonly StageTimes stages;
    private readonly Histogram<double> loads, requests;
    private readonly Histogram<int> batches;

    public Metrics(IMeterFactory factory, Device device, IServiceProvider services)
    {
        this.services = services;
        meter = factory.Create(Name);
        Counter(MetricTable.Answers, Answers);
        Counter(MetricTable.Outliers, () => ByModel(outliers));
        stages = new(Histogram(MetricTable.StageDuration, Seconds));
        batches = Histogram(MetricTable.BatchSize, Images);
        Counter(MetricTable.BatchRuns, () => ByModel(runs));
        Counter(MetricTable.BatchImages, () => ByModel(images));
        Gauge(MetricTable.RequestsActive, Active);
        loads = Histogram(MetricTable.ModelLoadDuration, Seconds);
        requests = Histogram(MetricTable.RequestDuration, Seconds);
        Counter(MetricTable.BodiesRefused, RefusedBodies);
        Gauge(MetricTable.BodiesBuffered, () => Single(BufferedBytes()));
        Gauge(MetricTable.Jobs, JobCounts);
        Gauge(MetricTable.DeviceFallback, () => Single(device.FellBack ? 1 : 0));
        Gauge(MetricTable.ProcessResident, () => Single(Environment.WorkingSet));
    }

    /// <summary>A function that returns the memory of request bodies that arrive in pieces, in bytes.</summary>
    public Func<long> BufferedBytes { get; set; } = () => 0;

    /// <summary>The number of fine-tuning jobs in each status; empty if the database does not answer.</summary>
    public IReadOnlyDictionary<string, int> Jobs { get; set; } = new Dictionary<string, int>();

    /// <summary>
    /// Counts an answered image or a refused request. <paramref name="reason"/> is the code of the problem, or null for an answer.
    /// </summary>
    public void Answered(string model, string? reason) => Add(answers, (model, reason), 1);

    /// <summary>Counts an answered image that resembles none of the classes.</summary>
    public void OutlierSeen(string model) => Add(outliers, model, 1);

    /// <summary>Counts a request body that was refused while it arrived. The reason is <c>share</c> or <c>pace</c>.</summary>
    public void BodyRefused(string reason) => Add(refusedBodies, reason, 1);

    /// <summary>
    /// Records the time of a stage since <paramref name="start"/>, a timestamp of <see cref="Stopwatch"/>. Returns the timestamp of the
    /// stage's end, which is the start of the next stage.
    /// </summary>
    public long Stage(string stage, string model, long start)
    {
        long end = Stopwatch.GetTimestamp();
        Traces.Add(stage, model, Activity.Current?.Context ?? default, start, end);
        stages.Add(stage, model, Stopwatch.GetElapsedTime(start, end).TotalSeconds);
        return end;
    }

    /// <summary>Records the time that one image waited for its batch's run.</summary>
    public void Waited(string model, TimeSpan time) => stages.Add("queue", model, time.TotalSeconds);

    /// <summary>Records a run of <paramref name="count"/> images.</summary>
    public void Ran(string model, int count, TimeSpan time)
    {
        stages.Add("infer", model, time.TotalSeconds);
        batches.Record(count, Of(model));
        Add(runs, model, 1);
        Add(images, model, count);
    }

    /// <summary>Records the time of loading a model, and whether it succeeded.</summary>
    public void Loaded(string model, bool succeeded, TimeSpan time)
    {
        // The first models load before the service has started. Getting the MeterProvider here creates it early, so that it collects the
        // times of these loads too.
        _ = services.GetService<MeterProvider>();
        loads.Record(time.TotalSeconds, Of(model), new("outcome", succeeded ? "ok" : "failed"));
    }

    /// <summary>
    /// Records a request to a route that does not classify, under the names of OpenTelemetry's conventions
    /// (https://opentelemetry.io/docs/specs/semconv/http/http-metrics).
    /// </summary>
    public void Requested(string method, string? route, int status, TimeSpan time) => requests.Record(
        time.TotalSeconds,
        new("http.request.method", Methods.Contains(method) ? method : "_OTHER"),
        new("http.route", route ?? ""),
        new("http.response.status_code", status));

    /// <summary>Exports the number of a model's admitted requests for as long as the model is served.</summary>
    /// <param name="served">The loaded version. The export ends when the garbage collector frees this object.</param>
    /// <param name="active">
    /// Returns the model's name and its present number of requests. It must not hold a reference to <paramref name="served"/>.
    /// </param>
    public void Watch(object served, Func<(string Model, int Active)> active) => watched.Add(served, active);

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private void Counter(MetricRow row, Func<IEnumerable<Measurement<long>>> read) =>
        meter.CreateObservableCounter(row.Name, read, row.Unit, row.Help);

    private void Gauge<T>(MetricRow row, Func<IEnumerable<Measurement<T>>> read)
        where T : struct => meter.CreateObservableGauge(row.Name, read, row.Unit, row.Help);

    private Histogram<T> Histogram<T>(MetricRow row, InstrumentAdvice<T> advice)
        where T : struct => meter.CreateHistogram(row.Name, row.Unit, row.Help, advice: advice);

    private static Measurement<long>[] Single(long value) => [new(value)];

    private static KeyValuePair<string, object?> Of(string model) => new("model", model);

    private static void Add<TKey>(ConcurrentDictionary<TKey, StrongBox<long>> totals, TKey key, long more)
        where TKey : notnull => Interlocked.Add(ref totals.GetOrAdd(key, _ => new()).Value, more);

    private static IEnumerable<Measurement<long>> ByModel(ConcurrentDictionary<string, StrongBox<long>> totals) =>
        totals.Select(total => new Measurement<long>(Interlocked.Read(ref total.Value.Value), Of(total.Key)));

    private IEnumerable<Measurement<int>> JobCounts() =>
        Jobs.Select(jobs => new Measurement<int>(jobs.Value, new KeyValuePair<string, object?>("status", jobs.Key)));

    private IEnumerable<Measurement<long>> RefusedBodies() => refusedBodies.Select(
        total => new Measurement<long>(Interlocked.Read(ref total.Value.Value), new KeyValuePair<string, object?>("reason", total.Key)));

    // A request for metrics first reads the observable instruments, such as this one, and then the histograms. So the times that StageTimes
    // has buffered are recorded here to be part of the same answer.
    private IEnumerable<Measurement<long>> Answers()
    {
        stages.Record();
        return answers.Select(total => new Measurement<long>(
            Interlocked.Read(ref total.Value.Value),
            Of(total.Key.Model),
            new("outcome", total.Key.Reason is null ? "ok" : "refused"),
            new("reason", total.Key.Reason ?? "none")));
    }

    private List<Measurement<int>> Active()
    {
        var active = new Dictionary<string, int>();
        foreach (var (_, read) in watched)
        {
            var (model, requests) = read();
            active[model] = active.GetValueOrDefault(model) + requests;
        }

        return [.. active.Select(pair => new Measurement<int>(pair.Value, Of(pair.Key)))];
    }
}
