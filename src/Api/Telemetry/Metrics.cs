using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Fovea.Models;
using OpenTelemetry.Metrics;

namespace Fovea.Api;

/// <summary>
/// Everything that the service measures of itself; times in seconds, as histograms. At <c>/metrics</c> points are underscores.
/// </summary>
/// <remarks>
/// What only grows is counted here and read when somebody asks: recording a number with its labels costs more than adding one.
/// </remarks>
internal sealed class Metrics : IDisposable
{
    /// <summary>The name under which they are collected.</summary>
    public const string Name = "Fovea";

    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] };
    private static readonly InstrumentAdvice<int> Images = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128] };

    // Whatever else a client calls a method would be a series of its own.
    private static readonly FrozenSet<string> Methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"];

    private readonly ConditionalWeakTable<ServedModel, Admission> watched = [];
    private readonly ConcurrentDictionary<(string Model, string? Reason), StrongBox<long>> answers = [];
    private readonly ConcurrentDictionary<string, StrongBox<long>> runs = [], images = [], refusedBodies = [];
    private readonly IServiceProvider services;
    private readonly Meter meter;
    private readonly StageTimes stages;
    private readonly Histogram<double> loads, requests;
    private readonly Histogram<int> batches;

    public Metrics(IMeterFactory factory, Device device, IServiceProvider services)
    {
        this.services = services;
        meter = factory.Create(Name);
        meter.CreateObservableCounter("fovea.answers", Answers, "{answer}", "Images answered and requests refused, by model, outcome (ok, refused) and reason (the code of the problem)");
        stages = new(meter.CreateHistogram("fovea.stage.duration", "s", "Time in each stage of a request: admit (until its body is there), decode, queue, infer (the whole batch), write", advice: Seconds));
        batches = meter.CreateHistogram("fovea.batch.size", "{image}", "Images in a batch, before padding", advice: Images);
        meter.CreateObservableCounter("fovea.batch.runs", () => ByModel(runs), "{run}", "Runs of ONNX Runtime");
        meter.CreateObservableCounter("fovea.batch.images", () => ByModel(images), "{image}", "Images run; over the runs, the mean batch");
        loads = meter.CreateHistogram("fovea.model.load.duration", "s", "Loading a model, by outcome (ok, failed)", advice: Seconds);
        requests = meter.CreateHistogram("http.server.request.duration", "s", "Requests that do not classify, by method, route and status", advice: Seconds);
        meter.CreateObservableGauge("fovea.requests.active", Active, "{request}", "Requests that have a place with a model, waiting ones included");
        meter.CreateObservableCounter(
            "fovea.bodies.refused",
            RefusedBodies,
            "{body}",
            "Bodies refused while they arrived, by reason (share: the caller holds too much memory, pace: too slow)");
        meter.CreateObservableGauge(
            "fovea.bodies.buffered",
            () => services.GetService<BodyBudget>()?.Held ?? 0,
            "By",
            "Memory of request bodies that arrived in pieces");
        meter.CreateObservableGauge("fovea.device.fallback", () => device.FellBack ? 1 : 0, description: "1 where CUDA was wanted and the CPU is used, because it does not work");
        meter.CreateObservableGauge("fovea.process.resident", () => Environment.WorkingSet, "By", "Resident memory of the process");
    }

    /// <summary>Counts an image that was answered; <paramref name="reason"/> is null, or the code of the problem.</summary>
    public void Answered(string model, string? reason) => Add(answers, (model, reason), 1);

    /// <summary>Counts a body that was refused while it arrived.</summary>
    public void BodyRefused(string reason) => Add(refusedBodies, reason, 1);

    /// <summary>
    /// Records how long a stage took since <paramref name="start"/>, a timestamp of <see cref="Stopwatch"/>; the timestamp of its end.
    /// </summary>
    public long Stage(string stage, string model, long start)
    {
        long end = Stopwatch.GetTimestamp();
        Traces.Add(stage, model, Activity.Current?.Context ?? default, start, end);
        stages.Add(stage, model, Stopwatch.GetElapsedTime(start, end).TotalSeconds);
        return end;
    }

    /// <summary>Records how long one image waited for its batch.</summary>
    public void Waited(string model, TimeSpan time) => stages.Add("queue", model, time.TotalSeconds);

    /// <summary>Records a run of <paramref name="count"/> images.</summary>
    public void Ran(string model, int count, TimeSpan time)
    {
        stages.Add("infer", model, time.TotalSeconds);
        batches.Record(count, Of(model));
        Add(runs, model, 1);
        Add(images, model, count);
    }

    /// <summary>Records that a model was loaded, or could not be.</summary>
    public void Loaded(string model, bool succeeded, TimeSpan time)
    {
        // The first models are loaded while the service is put together, and what nobody collects yet is lost.
        _ = services.GetService<MeterProvider>();
        loads.Record(time.TotalSeconds, Of(model), new("outcome", succeeded ? "ok" : "failed"));
    }

    /// <summary>
    /// Records a request that did not classify, under the names of OpenTelemetry's conventions
    /// (https://opentelemetry.io/docs/specs/semconv/http/http-metrics).
    /// </summary>
    public void Requested(string method, string? route, int status, TimeSpan time) => requests.Record(
        time.TotalSeconds, new("http.request.method", Methods.Contains(method) ? method : "_OTHER"), new("http.route", route ?? ""), new("http.response.status_code", status));

    /// <summary>Shows the requests that a model has, for as long as it is served.</summary>
    public void Watch(ServedModel served) => watched.Add(served, served.Admission);

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private static KeyValuePair<string, object?> Of(string model) => new("model", model);

    private static void Add<TKey>(ConcurrentDictionary<TKey, StrongBox<long>> totals, TKey key, long more)
        where TKey : notnull => Interlocked.Add(ref totals.GetOrAdd(key, _ => new()).Value, more);

    private static IEnumerable<Measurement<long>> ByModel(ConcurrentDictionary<string, StrongBox<long>> totals) =>
        totals.Select(total => new Measurement<long>(Interlocked.Read(ref total.Value.Value), Of(total.Key)));

    private IEnumerable<Measurement<long>> RefusedBodies() => refusedBodies.Select(
        total => new Measurement<long>(Interlocked.Read(ref total.Value.Value), new KeyValuePair<string, object?>("reason", total.Key)));

    // Whoever reads asks for what is observed first, and then for what was recorded.
    private IEnumerable<Measurement<long>> Answers()
    {
        stages.Record();
        return answers.Select(total => new Measurement<long>(
            Interlocked.Read(ref total.Value.Value), Of(total.Key.Model), new("outcome", total.Key.Reason is null ? "ok" : "refused"), new("reason", total.Key.Reason ?? "none")));
    }

    private List<Measurement<int>> Active()
    {
        var active = new Dictionary<string, int>();
        foreach (var (served, admission) in watched)
        {
            active[served.Name] = active.GetValueOrDefault(served.Name) + admission.Taken;
        }

        return [.. active.Select(pair => new Measurement<int>(pair.Value, Of(pair.Key)))];
    }
}
